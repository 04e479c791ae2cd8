// SPDX-License-Identifier: Apache-2.0

package image

import (
	"bytes"
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/u-root/mkuimage/cpio"

	"github.com/loadstone-bpf/loadstone/vmtest/arch"
)

// contents collects what goes into an image: a tree in which each path is put
// once.
type contents struct {
	records []cpio.Record
	seen    map[string]bool
}

// write writes the image's archive to w.
func (o Options) write(ctx context.Context, w io.Writer) error {
	c := &contents{seen: make(map[string]bool)}
	if err := o.addGuest(c); err != nil {
		return err
	}
	if err := o.addModules(ctx, c); err != nil {
		return err
	}
	if err := o.addConfig(c); err != nil {
		return err
	}
	if err := o.addShell(c); err != nil {
		return err
	}
	c.addSkeleton()
	return c.writeTo(w)
}

// put adds a record with all the folders above it. A path that the image has stays as it is.
func (c *contents) put(r cpio.Record) {
	r.Name = cpio.Normalize(r.Name)
	if c.seen[r.Name] {
		return
	}
	if dir := path.Dir(r.Name); dir != "." {
		c.put(cpio.Directory(dir, 0o755))
	}
	c.seen[r.Name] = true
	c.records = append(c.records, cpio.MakeReproducible(r))
}

// putFile adds a file.
func (c *contents) putFile(name string, content []byte, perm uint64) {
	c.put(cpio.StaticRecord(content, cpio.Info{Name: name, Mode: cpio.S_IFREG | perm}))
}

// addSkeleton adds what a program expects of a root folder.
func (c *contents) addSkeleton() {
	for _, dir := range []string{
		"bin", "dev", "etc", "lib", "proc", "root", "run", "sbin", "sys", "tmp", "usr", "var",
	} {
		c.put(cpio.Directory(dir, 0o755))
	}
	// The kernel opens the console for PID 1 before anything is mounted.
	c.put(cpio.CharDev("dev/console", 0o600, 5, 1))
	c.put(cpio.CharDev("dev/null", 0o666, 1, 3))
}

// writeTo writes the archive. The kernel makes entries in their order, so
// folders must come before what is in them; sorting by name does that.
func (c *contents) writeTo(w io.Writer) error {
	slices.SortFunc(c.records,
		func(a, b cpio.Record) int { return strings.Compare(a.Name, b.Name) })
	records := cpio.Newc.Writer(w)
	for _, r := range c.records {
		if err := records.WriteRecord(r); err != nil {
			return fmt.Errorf("%s: %w", r.Name, err)
		}
	}
	return cpio.WriteTrailer(records)
}

// addGuest adds the program that is PID 1.
func (o Options) addGuest(c *contents) error {
	program, err := os.ReadFile(o.Guest)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrGuest, err)
	}
	if err := checkProgram(program, o.Kernel.Arch); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrGuest, o.Guest, err)
	}
	c.putFile("init", program, 0o755)
	return nil
}

// checkProgram checks that a program can run where there is no other file: a
// kernel that cannot run its PID 1 says no more than that it panics.
func checkProgram(program []byte, architecture string) error {
	a, err := arch.ByName(architecture)
	if err != nil {
		return err
	}
	f, err := elf.NewFile(bytes.NewReader(program))
	if err != nil {
		return err
	}
	if f.Machine != a.ELF || f.ByteOrder != a.ByteOrder {
		return fmt.Errorf("program is for %v, the kernel for %s", f.Machine, a.Name)
	}
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return errors.New("program is not static; build it with CGO_ENABLED=0")
		}
	}
	return nil
}

// addConfig adds the kernel's configuration where loaders look for it: most
// distributions' kernels have no /proc/config.gz.
func (o Options) addConfig(c *contents) error {
	if o.Kernel.Config == "" {
		return nil
	}
	config, err := os.ReadFile(o.Kernel.Config)
	if err != nil {
		return fmt.Errorf("kernel configuration: %w", err)
	}
	c.putFile("boot/config-"+o.Kernel.Release, config, 0o644)
	return nil
}

// addShell adds the archive that mkshell made.
func (o Options) addShell(c *contents) error {
	if o.Shell == "" {
		return nil
	}
	b, err := os.ReadFile(o.Shell)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrShell, err)
	}
	// The reader takes an archive that is cut for one that ends.
	if !bytes.Contains(b[max(0, len(b)-1024):], []byte(cpio.Trailer)) {
		return fmt.Errorf("%w: %s: archive has no end", ErrShell, o.Shell)
	}
	records := cpio.Newc.Reader(bytes.NewReader(b))
	for {
		r, err := records.ReadRecord()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: %s: %w", ErrShell, o.Shell, err)
		}
		// PID 1 is ours.
		if r.Name != "init" {
			c.put(r)
		}
	}
}
