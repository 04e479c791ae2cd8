// SPDX-License-Identifier: Apache-2.0

package apt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/loadstone-bpf/loadstone/vmtest/flock"
)

// A SourcePackage describes a source package that has been fetched.
type SourcePackage struct {
	Name    string
	Version Version
	DSC     string // path of its .dsc; the other files lie beside it
}

// FetchSource downloads the newest version of a source package that the suite
// has into dir, which is made. apt-get compares every file with the signed list
// of sources. Lists of sources are fetched each time: they are long, and seldom
// asked for.
//
// It returns [ErrNoSuchPackage] if the suite has none of that name, and the
// errors of [Root.Fetch].
func (s *Suite) FetchSource(ctx context.Context, name, dir string) (SourcePackage, error) {
	if s.root.options.Offline {
		return SourcePackage{}, offline("source " + name)
	}
	lock, err := flock.Wait(ctx, filepath.Join(s.root.dir, s.Name+"-source", "lock"),
		flock.Exclusive)
	if err != nil {
		return SourcePackage{}, OnDisk(err)
	}
	defer lock.Unlock()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return SourcePackage{}, OnDisk(err)
	}
	if err := s.updateSources(ctx); err != nil {
		return SourcePackage{}, fmt.Errorf("sources of %s: %w", s.Name, err)
	}
	what := fmt.Sprintf("fetching source %s of %s", name, s.Name)
	s.root.progress(Event{What: what})
	defer s.root.progress(Event{What: what, Ended: true})
	get := s.sourceCommand(ctx, "source", "--download-only", "--only-source", name)
	get.Dir = dir
	if err := get.run(ctx, fmt.Sprintf("source %s of %s", name, s.Name)); err != nil {
		return SourcePackage{}, noSource(err)
	}
	return readSource(name, dir)
}

// sourceDir returns where the lists of the suite's sources are kept: all dists in one,
// so that apt chooses the newest.
func (s *Suite) sourceDir() dist { return dist{name: s.Name + "-source"} }

// updateSources fetches the lists of sources of all dists of the suite.
func (s *Suite) updateSources(ctx context.Context) error {
	d := s.sourceDir()
	for _, dir := range []string{"lists/partial", "cache/archives/partial"} {
		if err := os.MkdirAll(s.root.distDir(d, dir), 0o755); err != nil {
			return OnDisk(err)
		}
	}
	var lines strings.Builder
	for _, one := range s.have {
		fmt.Fprintf(&lines, "deb-src [target=Sources] %s %s main\n", s.root.base(one), one.name)
	}
	for name, text := range map[string]string{"sources.list": lines.String(), "status": ""} {
		if err := updateFile(s.root.distDir(d, name), []byte(text), 0o644); err != nil {
			return OnDisk(err)
		}
	}
	if err := s.root.installKeyrings(); err != nil {
		return OnDisk(err)
	}
	what := "fetching lists of sources of " + s.Name
	s.root.progress(Event{What: what})
	defer s.root.progress(Event{What: what, Ended: true})
	return s.sourceCommand(ctx, "-o", "pkgCacheFile::Generate=false", "update").run(ctx,
		"lists of sources of "+s.Name)
}

func (s *Suite) sourceCommand(ctx context.Context, args ...string) *command {
	return newCommand(ctx, s.root.configPath(), "apt-get",
		append(s.root.distOptions(s.sourceDir()), args...)...)
}

// noSource returns the error of a source that no list has, as apt says it.
func noSource(err error) error {
	var told *Error
	if errors.As(err, &told) &&
		strings.Contains(strings.Join(told.Said, "\n"), "Unable to find a source package") {
		told.Err = ErrNoSuchPackage
	}
	return err
}

// readSource finds the .dsc among what was fetched.
func readSource(name, dir string) (SourcePackage, error) {
	found, err := filepath.Glob(filepath.Join(dir, "*.dsc"))
	if err != nil || len(found) != 1 {
		return SourcePackage{}, fmt.Errorf("source %s: %w: %d .dsc files came", name,
			ErrCorruptPackage, len(found))
	}
	text, err := os.ReadFile(found[0])
	if err != nil {
		return SourcePackage{}, err
	}
	// The text is wrapped in the armour of a signature, which is no deb822.
	for line := range strings.Lines(string(text)) {
		if version, ok := strings.CutPrefix(line, "Version:"); ok {
			return SourcePackage{
				Name: name, Version: Version(strings.TrimSpace(version)), DSC: found[0],
			}, nil
		}
	}
	return SourcePackage{}, fmt.Errorf("%w: %s names no version", ErrCorruptPackage,
		filepath.Base(found[0]))
}

// UnpackSource unpacks a source package, with Debian's patches, to dir, which
// must not be there. It takes dpkg-source, of package dpkg-dev.
func UnpackSource(ctx context.Context, p SourcePackage, dir string) error {
	// What it would check is the signature of Debian's maintainer, with a
	// keyring that few have; apt has compared the files with the signed list.
	unpack := newCommand(ctx, os.DevNull, "dpkg-source", "--no-check", "--extract", p.DSC, dir)
	return unpack.run(ctx, "unpack source "+p.Name)
}
