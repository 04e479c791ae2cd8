// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/vmtest/apt"
	"github.com/loadstone-bpf/loadstone/vmtest/wholefile"
)

// A selection holds the packages that a bundle is made with.
type selection struct {
	suite   *apt.Suite
	brought map[string]bool // those whose files go into the root, by name
	all     []apt.Package
}

// selectPackages chooses the manifest's packages with what they depend on, and those that it is
// compiled with.
func (r *request) selectPackages(ctx context.Context, suite *apt.Suite) (selection, error) {
	named, err := binaryPackages(suite, r.Manifest.Packages)
	if err != nil {
		return selection{}, err
	}
	var compiled []string
	if r.Manifest.Build != nil {
		compiled = r.Manifest.Build.Packages
	}
	if r.Manifest.Source != nil {
		compiled = append(slices.Clone(compiled), r.Manifest.Source.Needs...)
	}
	closures, err := suite.Closures(ctx, named, compiled)
	if err != nil {
		return selection{}, err
	}
	s := selection{suite: suite, brought: map[string]bool{}}
	for _, p := range closures[0] {
		s.brought[p.Name] = r.Manifest.Dependencies != loader.LinkedDependencies ||
			slices.Contains(named, p.Name)
	}
	s.all = slices.Concat(closures...)
	slices.SortFunc(s.all, func(a, b apt.Package) int { return strings.Compare(a.Name, b.Name) })
	return s, r.checkVersion(s.all)
}

// sysroot returns the packages of the request, unpacked: kept from an earlier bundle with the same
// packages, or fetched and unpacked now.
func (r *request) sysroot(ctx context.Context, w *workspace) (*sysroot, error) {
	root, err := apt.Open(ctx, apt.Options{
		Dir: r.Cache, Mirror: r.Mirror, Arch: r.Arch.Debian, Refresh: r.Refresh, Offline: r.Offline,
		Notice: r.notice, Progress: r.Progress,
	})
	if err != nil {
		return nil, err
	}
	suite, err := root.Suite(ctx, string(r.suite))
	if err != nil {
		return nil, err
	}
	chosen, err := r.selectPackages(ctx, suite)
	if err != nil {
		return nil, err
	}
	return r.unpacked(ctx, w, root, chosen)
}

// unpacked returns a selection of packages, unpacked. Where the mirror has lost a file that its
// list names, as mirrors do with old releases, the next older version of the same suite is taken,
// and the user is told.
func (r *request) unpacked(
	ctx context.Context, w *workspace, from *apt.Root, chosen selection,
) (*sysroot, error) {
	s := &sysroot{dir: w.path("sysroot"), selection: chosen}
	shelf := w.store.shelfOf(r, chosen)
	if shelf != nil {
		found, err := shelf.open(ctx, s)
		if err != nil || found {
			return s, err
		}
	}
	if !r.announced {
		r.announce(w, chosen)
	}
	var debs []deb
	for _, p := range chosen.all {
		file, err := w.deb(ctx, from, p)
		if errors.Is(err, apt.ErrNotOnMirror) {
			shelf.release()
			older, olderErr := r.selectPackages(ctx, chosen.suite.Without(p))
			if olderErr == nil {
				s, olderErr = r.unpacked(ctx, w, from, older)
			}
			// there is none, or not all of it: the first error says what is wrong
			if olderErr != nil {
				return nil, err
			}
			r.notice(fmt.Sprintf("%s: the mirror lists %s and does not have it; an older version is taken", r, p))
			return s, nil
		}
		if err != nil {
			shelf.release()
			return nil, err
		}
		debs = append(debs, deb{p, file})
	}
	err := s.unpack(ctx, w, debs, r.Progress)
	if err == nil && shelf != nil {
		err = shelf.put(w, s)
	}
	if err != nil {
		shelf.release()
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

// announce tells what is about to be fetched and unpacked, which can take a minute.
func (r *request) announce(w *workspace, chosen selection) {
	r.announced = true
	var size, missing int64
	count := 0
	for _, p := range chosen.all {
		size += p.Size
		if _, err := os.Stat(w.debPath(p)); err != nil {
			missing += p.Size
			count++
		}
	}
	text := fmt.Sprintf("%s takes %d packages of %s, %s", r, len(chosen.all), r.suite,
		megabytes(size))
	if count > 0 {
		text += fmt.Sprintf("; %d of them are fetched, %s", count, megabytes(missing))
	}
	r.notice(text)
}

// megabytes writes a size in units of a million bytes.
func megabytes(bytes int64) string { return fmt.Sprintf("%.1f MB", float64(bytes)/1e6) }

// A deb holds a package and its file.
type deb struct {
	apt.Package
	file string
}

// checkVersion sees that the suite has the version that was asked for, where a package has the
// loader's own name, as binary package, as that of a library or as a crate: suites move on, and
// results have to name what they are about.
func (r *request) checkVersion(packages []apt.Package) error {
	own, crate := libraryOf(r.Manifest.Name), "librust-"+r.Manifest.Name+"-dev"
	for _, p := range packages {
		named := p.Name == r.Manifest.Name || p.Name == crate ||
			slices.Contains(r.Manifest.Packages, r.Manifest.Name) && own.MatchString(p.Name)
		if named && !isVersionOf(r.version, p.Version) {
			return fmt.Errorf("%w: %s has %s", ErrOtherVersion, r.suite, p)
		}
	}
	return nil
}

// isVersionOf reports whether a manifest's version, such as 1.1, means a package's, such as
// 1:1.1.2-0+deb12u1. What is not released yet, such as 0.25.0-beta.1, has a tilde in Debian, which
// sorts before everything.
func isVersionOf(version string, of apt.Version) bool {
	rest, ok := strings.CutPrefix(strings.ReplaceAll(of.Upstream(), "~", "-"),
		strings.ReplaceAll(version, "~", "-"))
	return ok && (rest == "" || !strings.Contains("0123456789", rest[:1]))
}

// libraryOf matches the binary packages of a source package's shared library.
func libraryOf(source string) *regexp.Regexp {
	// t64: Debian's change of time_t in 2024
	return regexp.MustCompile("^" + regexp.QuoteMeta(source) + `[0-9.]+(t64)?$`)
}

// binaryPackages returns the packages that a manifest means: those of these names; and where there
// is none, those of a library, whose names end in the number of its interface.
func binaryPackages(suite *apt.Suite, names []string) ([]string, error) {
	var all []string
	for _, name := range names {
		found, err := suite.List(name)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			if found, err = suite.List(name + "[0-9]*"); err != nil {
				return nil, err
			}
			library := libraryOf(name)
			found = slices.DeleteFunc(found,
				func(p apt.Package) bool { return !library.MatchString(p.Name) })
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("%w: %s in %s, nor a library of that name", apt.ErrNoSuchPackage,
				name, suite.Name)
		}
		for _, p := range found {
			all = append(all, p.Name)
		}
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// deb returns the path of a package that has been compared with the signed list.
func (w *workspace) deb(ctx context.Context, from *apt.Root, p apt.Package) (string, error) {
	kept := w.debPath(p)
	data, err := os.ReadFile(kept)
	if err == nil && wholefile.DigestOf(data) == p.SHA256 {
		return kept, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	dir := w.path("download")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	deb, err := from.Fetch(ctx, p, dir)
	if err != nil {
		return "", err
	}
	return kept, os.Rename(deb, kept)
}

// debPath returns the path at which a package is kept.
func (w *workspace) debPath(p apt.Package) string {
	return filepath.Join(w.debs, p.SHA256+".deb")
}
