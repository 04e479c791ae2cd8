// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/loadstone-bpf/loadstone/vmtest/apt"
	"github.com/loadstone-bpf/loadstone/vmtest/wholefile"
)

// A sysroot holds a folder with the files of packages and of all that they depend on, in the layout
// of a [tree]. All its symbolic links are relative, so nothing in it leads to a file of the host.
type sysroot struct {
	dir      string
	suite    *apt.Suite
	root     *os.Root
	named    []string          // the packages that the manifest names, as binary packages
	owner    map[string]string // file to package
	versions map[string]string // of the packages
}

// sysroot fetches and unpacks the manifest's packages, and those that it is compiled with.
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
	s := &sysroot{
		dir: w.path("sysroot"), suite: suite, owner: map[string]string{},
		versions: map[string]string{},
	}
	if s.named, err = binaryPackages(suite, r.Manifest.Packages); err != nil {
		return nil, err
	}
	wanted := s.named
	if r.Manifest.Build != nil {
		wanted = append(slices.Clone(wanted), r.Manifest.Build.Packages...)
	}
	if r.Manifest.Source != nil {
		wanted = append(slices.Clone(wanted), r.Manifest.Source.Needs...)
	}
	debs, err := r.fetch(ctx, w, root, suite, wanted)
	if err != nil {
		return nil, err
	}
	if err := r.checkVersion(debs); err != nil {
		return nil, err
	}
	if err := s.make(); err != nil {
		return nil, err
	}
	for _, d := range debs {
		if err := s.add(ctx, w, d); err != nil {
			return nil, errors.Join(err, s.close())
		}
	}
	return s, nil
}

// A deb holds a package and its file.
type deb struct {
	apt.Package
	file string
}

// fetch fetches packages and all that they depend on. Where the mirror has lost a file that its
// list names, as mirrors do with old releases, the next older version of the same suite is taken,
// and the user is told.
func (r *request) fetch(
	ctx context.Context, w *workspace, from *apt.Root, suite *apt.Suite, wanted []string,
) ([]deb, error) {
	all, err := suite.Closure(ctx, wanted...)
	if err != nil {
		return nil, err
	}
	var debs []deb
	for _, p := range all {
		file, err := w.deb(ctx, from, p)
		if errors.Is(err, apt.ErrNotOnMirror) {
			older, olderErr := r.fetch(ctx, w, from, suite.Without(p), wanted)
			// there is none, or not all of it: the first error says what is wrong
			if olderErr != nil {
				return nil, err
			}
			r.notice(fmt.Sprintf("%s: the mirror lists %s and does not have it; an older version is taken", r, p))
			return older, nil
		}
		if err != nil {
			return nil, err
		}
		debs = append(debs, deb{p, file})
	}
	return debs, nil
}

// checkVersion sees that the suite has the version that was asked for, where a package has the
// loader's own name, as binary package, as that of a library or as a crate: suites move on, and
// results have to name what they are about.
func (r *request) checkVersion(debs []deb) error {
	own, crate := libraryOf(r.Manifest.Name), "librust-"+r.Manifest.Name+"-dev"
	for _, d := range debs {
		named := d.Name == r.Manifest.Name || d.Name == crate ||
			slices.Contains(r.Manifest.Packages, r.Manifest.Name) && own.MatchString(d.Name)
		if named && !isVersionOf(r.version, d.Version) {
			return fmt.Errorf("%w: %s has %s", ErrOtherVersion, r.suite, d.Package)
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

// make makes the empty sysroot.
func (s *sysroot) make() error {
	for _, top := range merged {
		if err := os.MkdirAll(filepath.Join(s.dir, "usr", top), 0o755); err != nil {
			return err
		}
		if err := os.Symlink("usr/"+top, filepath.Join(s.dir, top)); err != nil {
			return err
		}
	}
	var err error
	s.root, err = os.OpenRoot(s.dir)
	return err
}

func (s *sysroot) close() error { return s.root.Close() }

// add unpacks a package.
func (s *sysroot) add(ctx context.Context, w *workspace, p deb) error {
	unpacked := w.path("unpacked")
	if err := apt.Unpack(ctx, p.file, unpacked); err != nil {
		return err
	}
	s.versions[p.Name] = string(p.Version)
	err := filepath.WalkDir(unpacked, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return s.move(name, name[len(unpacked):], p.Name)
	})
	if err != nil {
		return fmt.Errorf("package %s: %w", p, err)
	}
	return os.RemoveAll(unpacked)
}

// move moves a package's file from the host's path to its place in the sysroot.
func (s *sysroot) move(from, name, owner string) error {
	if slices.Contains(merged, name[1:]) { // base-files has links of its own for them
		return nil
	}
	to := filepath.Join(s.dir, underUsr(name))
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	s.owner[underUsr(name)] = owner
	target, err := os.Readlink(from)
	if err != nil { // no link: EINVAL
		return os.Rename(from, to)
	}
	if !path.IsAbs(target) {
		target = path.Join(path.Dir(name), target)
	}
	relative, err := filepath.Rel(path.Dir(underUsr(name)), underUsr(target))
	if err != nil {
		return err
	}
	return os.Symlink(relative, to)
}

// deb returns the path of a package that has been compared with the signed list.
func (w *workspace) deb(ctx context.Context, from *apt.Root, p apt.Package) (string, error) {
	kept := filepath.Join(w.debs, p.SHA256+".deb")
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

// unwanted matches folders of packages that no driver needs.
var unwanted = regexp.MustCompile(`^/usr/(include|share/(bash-completion|bug|doc|info|lintian|locale|man))/`)

// take takes the files of the packages that the manifest names into a tree, and notes which
// packages they are of.
func (s *sysroot) take(t tree, used map[string]string) error {
	for name, owner := range s.owner {
		if !slices.Contains(s.named, owner) || unwanted.MatchString(name) {
			continue
		}
		info, err := s.root.Lstat(name[1:])
		if err != nil {
			return err
		}
		switch {
		case info.Mode().IsRegular():
			data, err := s.root.ReadFile(name[1:])
			if err != nil {
				return err
			}
			t.addFile(name, info.Mode(), data)
		case info.Mode().Type() == fs.ModeSymlink:
			target, err := s.root.Readlink(name[1:])
			if err != nil {
				return err
			}
			t.addLink(name, target)
		}
		used[owner] = s.versions[owner]
	}
	return nil
}

// read implements [libraries].
func (s *sysroot) read(name string) (data []byte, owner string, err error) {
	data, err = s.root.ReadFile(underUsr(name)[1:])
	if err != nil {
		return nil, "", err
	}
	return data, s.owner[underUsr(name)], nil
}

// dirs implements [libraries]: Debian's ld.so has these built in.
func (s *sysroot) dirs() []string { return debianDirs(s.root.FS()) }

// home implements [libraries].
func (s *sysroot) home(dir string) string { return dir }

func (s *sysroot) version(owner string) string { return s.versions[owner] }

func (s *sysroot) cure() string { return "name its package in packages of the manifest" }

// debianDirs returns the folders that ld.so searches by default.
func debianDirs(root fs.FS) []string {
	dirs := []string{"/usr/lib64", "/usr/lib"}
	found, err := fs.Glob(root, "usr/lib/*/libc.so.6")
	if err == nil && len(found) > 0 { // the error is for a bad pattern
		dirs = append([]string{"/" + strings.TrimSuffix(found[0], "/libc.so.6")}, dirs...)
	}
	return dirs
}
