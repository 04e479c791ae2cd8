// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/loadstone-bpf/loadstone/vmtest/flock"
)

// Templates keeps templates in a folder, which any number of processes can
// share:
//
//	<cache>/<key>.lock        held while a template is made, shared while it is used
//	<cache>/<key>.making/     what is being made, or what a crash left
//	<cache>/<key>/            a template that is complete
//	    node0 node1 …         memory
//	    state                 the rest of the machine
//	    manifest.json
//
// key is the hash of everything that the template depends on.
type Templates struct {
	// Cache is the folder; it is made if missing.
	Cache string
	// Keep is how many unused templates may stay; 16 if 0. Templates of an earlier boot of the host
	// never do.
	Keep int
	// Deadlines of the boot that a template is made from.
	Deadlines Deadlines
	// Log is told what a user may want to know; nil discards it.
	Log *slog.Logger
}

// TemplatesIn returns the folder for templates in a cache that holds other things
// too.
func TemplatesIn(cache string) string { return filepath.Join(cache, "templates") }

// Source starts VMs of one machine: a [Template], or a boot each where that is not possible.
type Source interface {
	// Start starts a VM and has its order sent.
	Start(ctx context.Context, o Options) (*VM, error)
	// Pace is how many times as slow as usual its guests are; at least 1.
	Pace() float64
	// Close is called when no more VMs are started; those that run go on.
	Close() error
}

var (
	_ Source = (*Template)(nil)
	_ Source = booter{}
)

// Start calls [Template.Clone].
func (t *Template) Start(ctx context.Context, o Options) (*VM, error) { return t.Clone(ctx, o) }

// booter boots each VM of a machine that cannot be cloned.
type booter struct{ config Config }

func (b booter) Start(ctx context.Context, o Options) (*VM, error) { return Boot(ctx, b.config, o) }
func (b booter) Pace() float64                                     { return 1 }
func (b booter) Close() error                                      { return nil }

// Source returns the template of c, or, if its machine cannot be cloned, a
// source that boots each VM, after a notice to the log. Its errors are those
// of [Templates.Get].
func (ts Templates) Source(ctx context.Context, c Config) (Source, error) {
	t, err := ts.Get(ctx, c)
	if errors.Is(err, ErrNoClones) {
		ts.logger().Warn("every VM is booted, which takes seconds instead of a tenth of one",
			"reason", err)
		return booter{c}, nil
	}
	if err != nil {
		return nil, err
	}
	return t, nil
}

// Get returns the template of c, which it makes if there is none. It waits
// for another process that is making it. The template must be closed.
//
// The error is an [*Ended] if the guest did not get ready, and wraps
// [ErrNoClones], [ErrConfig] or [ErrQEMU].
func (ts Templates) Get(ctx context.Context, c Config) (_ *Template, err error) {
	if c, err = c.withDefaults(); err != nil {
		return nil, err
	}
	id, err := identify(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("template: %w", err)
	}
	key, err := id.key()
	if err != nil {
		return nil, fmt.Errorf("template: %w", err)
	}
	if err := os.MkdirAll(ts.Cache, 0o755); err != nil {
		return nil, fmt.Errorf("template: %w", err)
	}
	t := &Template{config: c, dir: filepath.Join(ts.Cache, key)}
	if err := ts.lockAndFill(ctx, t, id); err != nil {
		return nil, fmt.Errorf("template: %w", err)
	}
	if err := ts.prune(); err != nil {
		ts.logger().Warn("old templates not removed", "error", err)
	}
	return t, nil
}

const (
	lockSuffix   = ".lock"
	makingSuffix = ".making"
)

// lockAndFill makes t if missing, and holds its lock, shared with others.
func (ts Templates) lockAndFill(ctx context.Context, t *Template, id identity) (err error) {
	for {
		if t.lock, err = flock.Wait(ctx, t.dir+lockSuffix, flock.Shared); err != nil {
			return err
		}
		if err = t.verify(); err == nil {
			return touch(t.dir + lockSuffix)
		}
		t.lock.Unlock()
		if !errors.Is(err, fs.ErrNotExist) {
			ts.logger().Warn("template is made anew", "reason", err)
		}
		if err := ts.fill(ctx, t, id); err != nil {
			return err
		}
		// Between two locks another process may have removed it again.
	}
}

// fill makes t unless another process has made it meanwhile.
func (ts Templates) fill(ctx context.Context, t *Template, id identity) error {
	lock, err := flock.Wait(ctx, t.dir+lockSuffix, flock.Exclusive)
	if err != nil {
		return err
	}
	defer lock.Unlock()
	if t.verify() == nil {
		return nil
	}
	return ts.makeTemplate(ctx, t, id)
}

// touch notes that the template with the lock at path is used now.
func touch(path string) error {
	now := time.Now()
	return os.Chtimes(path, now, now)
}

// makeTemplate makes t beside its place and moves it there when it is
// complete. The lock must be held.
func (ts Templates) makeTemplate(ctx context.Context, t *Template, id identity) (err error) {
	place, making := t.dir, t.dir+makingSuffix
	if err := errors.Join(os.RemoveAll(place), os.RemoveAll(making)); err != nil {
		return err
	}
	if err := os.Mkdir(making, 0o755); err != nil {
		return err
	}
	defer func() {
		t.dir = place
		if err != nil {
			err = errors.Join(err, os.RemoveAll(making))
		}
	}()
	t.dir = making
	if err := t.make(ctx, Options{Deadlines: ts.Deadlines, Log: ts.Log}); err != nil {
		return err
	}
	m, err := t.manifest(id)
	if err != nil {
		return err
	}
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(t.path(manifestFile), b, 0o644); err != nil {
		return err
	}
	return os.Rename(making, place)
}

// stored describes a template on disk.
type stored struct {
	dir  string
	used time.Time
	boot string // "" if it is not complete
}

// prune removes templates of earlier boots of the host, what crashes left, and the longest unused
// beyond Keep. A template in use stays.
func (ts Templates) prune() error {
	boot, err := hostBoot()
	if err != nil {
		return err
	}
	all, err := ts.list()
	if err != nil {
		return err
	}
	// The most recently used first.
	slices.SortFunc(all,
		func(a, b stored) int { return cmp.Compare(b.used.UnixNano(), a.used.UnixNano()) })
	keep := ts.Keep
	if keep == 0 {
		keep = 16
	}
	var errs []error
	for i, k := range all {
		if i >= keep || k.boot != boot {
			errs = append(errs, k.remove())
		}
	}
	return errors.Join(errs...)
}

// list returns what is on disk.
func (ts Templates) list() ([]stored, error) {
	locks, err := filepath.Glob(filepath.Join(ts.Cache, "*"+lockSuffix))
	if err != nil {
		return nil, err
	}
	var all []stored
	for _, lock := range locks {
		info, err := os.Stat(lock)
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed by another process
		}
		if err != nil {
			return nil, err
		}
		k := stored{dir: strings.TrimSuffix(lock, lockSuffix), used: info.ModTime()}
		k.boot = bootOf(k.dir)
		all = append(all, k)
	}
	return all, nil
}

// bootOf returns the boot of the host in which a template was made, "" if its
// manifest cannot be read, which makes it worthless.
func bootOf(dir string) string {
	b, err := os.ReadFile(filepath.Join(dir, manifestFile))
	if err != nil {
		return ""
	}
	var m manifest
	if err := json.Unmarshal(b, &m); err != nil {
		return ""
	}
	return m.Identity.HostBoot
}

// remove removes a template that no process uses.
func (k stored) remove() error {
	lock, err := flock.Try(k.dir + lockSuffix)
	if errors.Is(err, flock.ErrHeld) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(os.RemoveAll(k.dir), os.RemoveAll(k.dir+makingSuffix), lock.Remove())
}

func (ts Templates) logger() *slog.Logger {
	return Options{Log: ts.Log}.logger()
}
