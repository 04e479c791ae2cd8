// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/loadstone-bpf/loadstone/check"
	"github.com/loadstone-bpf/loadstone/vmtest/apt"
	"github.com/loadstone-bpf/loadstone/vmtest/kernel"
)

// A fetcher brings sources, one after the other.
type fetcher struct {
	root    *apt.Root
	scratch string                     // for packages, and what is in them
	seen    map[[sha256.Size]byte]bool // objects
	out     string
}

// fetch puts the objects of all sources into out, in the place of what is there. It goes on after a
// source that cannot be had; the error joins why.
func fetch(ctx context.Context, sources []source, out string) (err error) {
	cache, err := kernel.DefaultCache()
	if err != nil {
		return err
	}
	root, err := apt.Open(ctx, apt.Options{
		Dir: cache, Arch: "amd64",
		Notice: func(text string) { fmt.Fprintln(os.Stderr, "corpus:", text) },
	})
	if err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "loadstone-corpus-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	if err := os.RemoveAll(out); err != nil {
		return err
	}
	f := &fetcher{root: root, scratch: scratch, seen: make(map[[sha256.Size]byte]bool), out: out}
	var missing []error
	total := 0
	for i, s := range sources {
		n, err := f.one(ctx, s)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			missing = append(missing, fmt.Errorf("%s: %w", s.Name, err))
		}
		total += n
		fmt.Fprintf(os.Stderr, "[%d/%d] %s: %d objects\n", i+1, len(sources), s.Name, n)
	}
	fmt.Fprintf(os.Stderr, "%d objects of %d sources in %s\n", total, len(sources)-len(missing), out)
	return errors.Join(missing...)
}

// one brings a source, and returns how many objects it has that no source before it has.
func (f *fetcher) one(ctx context.Context, s source) (int, error) {
	dir := filepath.Join(f.scratch, s.Name)
	var err error
	if s.Module != "" {
		dir, err = module(ctx, s)
	} else {
		err = f.unpack(ctx, s, dir)
	}
	if err != nil {
		return 0, err
	}
	paths := []string{dir}
	if len(s.Take) > 0 {
		paths = nil
	}
	for _, below := range s.Take {
		paths = append(paths, filepath.Join(dir, below))
	}
	objects, err := check.Find(paths)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, o := range objects {
		digest := sha256.Sum256(o.ELF)
		if f.seen[digest] {
			continue
		}
		f.seen[digest] = true
		if err := f.keep(s, o); err != nil {
			return n, err
		}
		n++
	}
	if s.Module == "" {
		err = os.RemoveAll(dir)
	}
	return n, err
}

// keep writes an object into the folder of its source.
func (f *fetcher) keep(s source, o check.Object) error {
	name := strings.ReplaceAll(strings.TrimSuffix(o.Label, ".o"), string(filepath.Separator), "_")
	dir := filepath.Join(f.out, s.Name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, name+".o"), o.ELF, 0o644)
}

// unpack fetches a package and unpacks it.
func (f *fetcher) unpack(ctx context.Context, s source, dir string) error {
	suite, err := f.root.Suite(ctx, s.Suite)
	if err != nil {
		return err
	}
	found, err := suite.List(s.Package)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return fmt.Errorf("%w: %s in %s", apt.ErrNoSuchPackage, s.Package, s.Suite)
	}
	newest := found[len(found)-1]
	if s.Version != "" && string(newest.Version) != s.Version {
		fmt.Fprintf(os.Stderr, "corpus: %s is %s, the list has %s\n", s.Package, newest.Version, s.Version)
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	deb, err := f.root.Fetch(ctx, newest, f.scratch)
	if err != nil {
		return err
	}
	return errors.Join(apt.Unpack(ctx, deb, dir), os.Remove(deb))
}

// module has the go command fetch a module into its own cache, and returns its folder.
func module(ctx context.Context, s source) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", s.Module+"@"+s.Version)
	cmd.Dir = os.TempDir() // outside of this module, whose requirements stay as they are
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	failed := cmd.Run()
	var said struct{ Dir, Error string }
	if err := json.Unmarshal(stdout.Bytes(), &said); err != nil {
		return "", fmt.Errorf("go mod download: %w: %s", errors.Join(failed, err), stderr.Bytes())
	}
	if said.Error != "" || failed != nil {
		return "", fmt.Errorf("go mod download: %s", said.Error)
	}
	return said.Dir, nil
}
