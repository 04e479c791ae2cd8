// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/loadstone-bpf/loadstone/vmtest/apt"
)

// A sysroot holds a folder with the files of packages and of all that they depend on, in the layout
// of a [tree]. All its symbolic links are relative, so nothing in it leads to a file of the host.
type sysroot struct {
	selection
	dir   string
	root  *os.Root
	owner map[string]string // file to package
	shelf *shelf            // where it is kept; nil if it goes with the workspace
}

// unpack unpacks packages, as many at once as there are CPUs.
func (s *sysroot) unpack(
	ctx context.Context, w *workspace, debs []deb, progress func(apt.Event),
) error {
	if err := s.make(); err != nil {
		return err
	}
	event := apt.Event{What: fmt.Sprintf("unpacking %d packages", len(debs))}
	for _, d := range debs {
		event.Total += d.Size
	}
	var mutex sync.Mutex // guards event and calls of progress
	tell := func(done int64, ended bool) {
		mutex.Lock()
		defer mutex.Unlock()
		event.Done, event.Ended = event.Done+done, ended
		if progress != nil {
			progress(event)
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.NumCPU())
	for _, d := range debs {
		group.Go(func() error {
			err := apt.Unpack(ctx, d.file, w.unpacked(d))
			tell(d.Size, false)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, d := range debs { // in the order of their names: of a file in two, the last stays
		if err := s.add(w.unpacked(d), d.Package); err != nil {
			return err
		}
	}
	tell(0, true)
	return nil
}

// unpacked returns the folder that a package is unpacked in.
func (w *workspace) unpacked(d deb) string { return w.path("unpacked-" + d.Name) }

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
	s.owner = map[string]string{}
	return s.open()
}

func (s *sysroot) open() (err error) {
	s.root, err = os.OpenRoot(s.dir)
	return err
}

// close ends the use of a sysroot. What is kept is there for others then.
func (s *sysroot) close() error {
	s.shelf.release()
	if s.root == nil {
		return nil
	}
	return s.root.Close()
}

// add moves the files of a package that was unpacked into the sysroot, but for those that nothing
// needs.
func (s *sysroot) add(unpacked string, p apt.Package) error {
	err := filepath.WalkDir(unpacked, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || unwanted().MatchString(name[len(unpacked):]) {
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

// unwanted matches files of packages that neither a driver needs nor its compiler.
var unwanted = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^/usr/share/(bash-completion|bug|doc|info|lintian|locale|man)/`)
})

// headers begins the names of files of packages that only a compiler needs.
const headers = "/usr/include/"

// take takes the files of the packages that the manifest brings into a tree, and notes which
// packages they are of.
func (s *sysroot) take(t tree, used map[string]string) error {
	for name, owner := range s.owner {
		if !s.brought[owner] || strings.HasPrefix(name, headers) {
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
		used[owner] = s.version(owner)
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

func (s *sysroot) version(owner string) string {
	i := slices.IndexFunc(s.all, func(p apt.Package) bool { return p.Name == owner })
	return string(s.all[i].Version) // an owner is one of them
}

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
