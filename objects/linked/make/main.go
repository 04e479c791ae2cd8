// SPDX-License-Identifier: Apache-2.0

// Command make links the objects of package linked: with each bpftool in the root of its own that
// it has as a loader, and with the reference loader. It takes root, and what is not in the cache is
// fetched from Debian's archive.
//
//	make programs && go run ./objects/linked/make
package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/drivers"
	"github.com/loadstone-bpf/loadstone/drivers/bundle"
	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/loaderimpl"
	"github.com/loadstone-bpf/loadstone/objects/linked"
)

func main() {
	dir := flag.String("dir", "objects", "folder of the objects")
	programs := flag.String("programs", "bin", "folder of the compiled drivers")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *dir, *programs); err != nil {
		fmt.Fprintln(os.Stderr, "objects/linked/make:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dir, programs string) error {
	// What is mounted is seen by this thread alone, and is gone with it.
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_FS | unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("a mount namespace: %w: run it as root", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_PRIVATE|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("a mount namespace: %w", err)
	}
	for _, name := range linked.Linkers {
		if err := link(ctx, dir, programs, name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return writeSum(dir)
}

// A linker links objects to the file out.
type linker func(out string, objects ...string) error

// link links all sets with one linker.
func link(ctx context.Context, dir, programs, name string) (err error) {
	folder := filepath.Join(dir, "linked", name)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	with := linker(loaderimpl.Link)
	if version, isBpftool := strings.CutPrefix(name, "bpftool-"); isBpftool {
		root, err := enter(ctx, programs, version)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, root.close()) }()
		with = root.link
	}
	for _, s := range linked.Sets {
		var inputs []string
		for _, o := range s.Objects {
			inputs = append(inputs, build(dir, o))
		}
		out := filepath.Join(folder, s.Name+".o")
		if err := with(out, inputs...); err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	return nil
}

// build returns the path of an object that is linked.
func build(dir, object string) string { return filepath.Join(dir, "linking", "el", object+".o") }

// A root is that of one bpftool.
type root struct{ *bundle.Root }

// close takes the root down.
func (r *root) close() error { return errors.Join(r.Close(), os.Remove(r.Dir)) }

// enter makes the root of a bpftool, to be closed.
func enter(ctx context.Context, programs, version string) (*root, error) {
	choices, err := drivers.Find(loader.Ref{Name: "bpftool", Version: version})
	if err != nil {
		return nil, err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	source, err := drivers.Source("bpftool")
	if err != nil {
		return nil, err
	}
	b, err := bundle.Build(ctx, bundle.Options{Manifest: choices[0].Manifest, Version: version,
		Source: source, Programs: programs, Cache: filepath.Join(cache, "loadstone")})
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "loadstone-linked-")
	if err != nil {
		return nil, err
	}
	entered, err := b.Enter(dir)
	if err != nil {
		return nil, errors.Join(err, os.Remove(dir))
	}
	return &root{entered}, nil
}

// link runs bpftool gen object on copies of objects, and copies the result.
func (r *root) link(out string, objects ...string) error {
	argv := []string{"gen", "object", "/linked.o"}
	for _, object := range objects {
		name := "/" + filepath.Base(object)
		if err := copyFile(filepath.Join(r.Dir, name), object); err != nil {
			return err
		}
		argv = append(argv, name)
	}
	cmd := exec.Command("/usr/sbin/bpftool", argv...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: r.Dir}
	cmd.Dir = "/"
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("bpftool %v: %w: %s", argv, err, output)
	}
	return copyFile(out, filepath.Join(r.Dir, "linked.o"))
}

func copyFile(to, from string) error {
	contents, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, contents, 0o644)
}

// writeSum writes the digests of the objects and of what they are made of.
func writeSum(dir string) error {
	paths := map[string]string{}
	for _, o := range linked.All() {
		paths[o.File()] = filepath.Join(dir, "linked", o.File())
	}
	for _, s := range linked.Sets {
		for _, o := range s.Objects {
			paths["../linking/el/"+o+".o"] = build(dir, o)
		}
	}
	var lines []string
	for name, path := range paths {
		contents, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		lines = append(lines, fmt.Sprintf("%x  %s\n", sha256.Sum256(contents), name))
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(a[66:], b[66:]) })
	return os.WriteFile(filepath.Join(dir, "linked", "linked.sum"),
		[]byte(strings.Join(lines, "")), 0o644)
}
