// SPDX-License-Identifier: Apache-2.0

package mapdefs_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/drivers/reference"
	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/suites/runner/native"
)

func TestMain(m *testing.M) { native.Main(m, reference.New) }

// A maker answers a request for a map without an object.
type maker func(loader.Create) loader.Reply

// A pretender does what the reference loader does, but for maps without an object.
type pretender struct {
	loader.Loader
	create func(honest maker, asked loader.Create) loader.Reply
	reset  func() // lets go of what create holds
}

func (p *pretender) Do(ctx context.Context, req loader.Request) (loader.Reply, error) {
	if req.Op() == loader.OpReset {
		p.reset()
	}
	asked, isCreate := req.(loader.Create)
	if !isCreate || asked.Name == "control" || asked.Name == "template" {
		return p.Loader.Do(ctx, req)
	}
	var err error
	reply := p.create(func(c loader.Create) loader.Reply {
		made, failed := p.Loader.Do(ctx, c)
		err = errors.Join(err, failed)
		return made
	}, asked)
	return reply, err
}

// changed makes another map than the one that was asked for.
func changed(change func(*loader.Create)) func(maker, loader.Create) loader.Reply {
	return func(honest maker, asked loader.Create) loader.Reply {
		change(&asked)
		return honest(asked)
	}
}

// hashed makes a hash of its own, whatever was asked for, and answers as with says.
func hashed(
	t *testing.T, with func(m *ebpf.Map, asked loader.Create) loader.Reply,
) func(maker, loader.Create) loader.Reply {
	return func(_ maker, asked loader.Create) loader.Reply {
		m, err := ebpf.NewMap(&ebpf.MapSpec{
			Name: asked.Name, Type: ebpf.Hash, KeySize: 4, ValueSize: 8, MaxEntries: 16,
		})
		if err != nil {
			t.Fatal(err)
		}
		return with(m, asked)
	}
}

func idOf(m *ebpf.Map) uint32 {
	info, err := m.Info()
	if err != nil {
		panic(err)
	}
	id, _ := info.ID()
	return uint32(id)
}

var refused = &loader.Rejected{Stage: loader.AtPin, Class: loader.Invalid}

func TestSpecsSeeWhatALoaderPretendsOfMapsWithoutAnObject(t *testing.T) {
	var held []*ebpf.Map
	var mounted string
	hold := func(m *ebpf.Map) { held = append(held, m) }
	reset := func() {
		for _, m := range held {
			m.Close()
		}
		held = nil
		if mounted == "" {
			return
		}
		if err := unix.Unmount(mounted, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
		mounted = ""
	}
	for _, tt := range []struct {
		fault  string
		spec   string
		seen   string // of it: what the spec shows
		create func(maker, loader.Create) loader.Reply
	}{
		{"another type", "mapdefs.create.made/lru_hash", "type hash, not lru_hash", changed(func(c *loader.Create) { c.Map.Type = uint32(ebpf.Hash) })},
		{"another key size", "mapdefs.create.made/hash", "key_size 4, not 16", changed(func(c *loader.Create) { c.Map.KeySize = 4 })},
		{"another value size", "mapdefs.create.made/array", "value_size 8, not 24", changed(func(c *loader.Create) { c.Map.ValueSize = 8 })},
		{"rounded entries", "mapdefs.create.made/hash", "max_entries 128, not 100", changed(func(c *loader.Create) { c.Map.MaxEntries = 128 })},
		{"no flags", "mapdefs.create.made/hash_no_prealloc", "map_flags 0x0, not 0x1", changed(func(c *loader.Create) { c.Map.Flags = 0 })},
		{"no map_extra", "mapdefs.create.map-extra", "map_extra 0x0, not 0x3", changed(func(c *loader.Create) { c.Map.MapExtra = 0 })},
		{"another name", "mapdefs.create.made/queue", `name "other", not "made"`, changed(func(c *loader.Create) { c.Name = "other" })},
		{"a name that is cut short", "mapdefs.create.name", "nnnnnnnnnnnnnn; to equal", changed(func(c *loader.Create) { c.Name = c.Name[:14] })},
		{"another template", "mapdefs.create.map-of-maps/array", "invalid argument", changed(func(c *loader.Create) {
			inner, err := ebpf.NewMap(&ebpf.MapSpec{
				Name: "another", Type: ebpf.Hash, KeySize: 4, ValueSize: 9, MaxEntries: 16,
			})
			if err != nil {
				t.Fatal(err)
			}
			defer inner.Close()
			c.InnerMap = filepath.Join(filepath.Dir(c.Path), "another")
			if err := inner.Pin(c.InnerMap); err != nil {
				t.Fatal(err)
			}
		})},
		{"another place", "mapdefs.create.made/ringbuf", "nothing at ", changed(func(c *loader.Create) { c.Path += "_" })},
		{"no pin", "mapdefs.create.outlives-loader", "nothing at ", hashed(t, func(m *ebpf.Map, _ loader.Create) loader.Reply {
			hold(m)
			return &loader.OK{ID: idOf(m)}
		})},
		{"the id of another map", "mapdefs.create.made/array_mmapable", " at ", func(honest maker, asked loader.Create) loader.Reply {
			honest(asked)
			return &loader.OK{ID: 1 << 31}
		}},
		{"a second map", "mapdefs.create.made/percpu_array", `["made", "made"]`, func(honest maker, asked loader.Create) loader.Reply {
			hashed(t, func(m *ebpf.Map, _ loader.Create) loader.Reply { hold(m); return nil })(honest, asked)
			return honest(asked)
		}},
		{"one map for two", "mapdefs.create.each-its-own", " at ", hashed(t, func(m *ebpf.Map, asked loader.Create) loader.Reply {
			hold(m)
			if err := held[len(held)-1].Pin(asked.Path); err != nil {
				t.Fatal(err)
			}
			return &loader.OK{ID: idOf(held[0])}
		})},
		{"held by more than the pin", "mapdefs.create.held-by-pin-alone", "made (hash)", hashed(t, func(m *ebpf.Map, asked loader.Create) loader.Reply {
			hold(m)
			if err := m.Pin(asked.Path); err != nil {
				t.Fatal(err)
			}
			return &loader.OK{ID: idOf(m)}
		})},
		{"made all the same", "mapdefs.create.kernel-refusal-undone/no-entries", "ok; map", changed(func(c *loader.Create) { c.Map.MaxEntries = 1 })},
		{"made as another type", "mapdefs.create.kernel-refusal-undone/type", "ok; map", changed(func(c *loader.Create) { c.Map.Type = uint32(ebpf.Hash) })},
		{"made without the flag", "mapdefs.create.kernel-refusal-undone/flag", "ok; map", changed(func(c *loader.Create) { c.Map.Flags = 0 })},
		{"refused, and left in the kernel", "mapdefs.create.dotted-path-refused", "bad (hash)", hashed(t, func(m *ebpf.Map, _ loader.Create) loader.Reply {
			hold(m)
			return refused
		})},
		{"refused, and left at another path", "mapdefs.create.path-taken-refused/folder", `["taken", "taken_"]`, hashed(t, func(m *ebpf.Map, asked loader.Create) loader.Reply {
			defer m.Close()
			if err := m.Pin(asked.Path + "_"); err != nil {
				t.Fatal(err)
			}
			return refused
		})},
		{"refused, and a folder left", "mapdefs.create.missing-folder", `["control", "missing"]`, func(_ maker, asked loader.Create) loader.Reply {
			if err := os.Mkdir(filepath.Dir(asked.Path), 0o700); err != nil {
				t.Fatal(err)
			}
			return &loader.Rejected{Stage: loader.AtPin, Class: loader.NotFound}
		}},
		{"pinned over what is there", "mapdefs.create.path-taken-refused/map", "ok; map", func(honest maker, asked loader.Create) loader.Reply {
			if err := os.Remove(asked.Path); err != nil {
				t.Fatal(err)
			}
			return honest(asked)
		}},
		{"what is there, for a new one", "mapdefs.create.path-taken-refused/map", "ok; map", func(_ maker, asked loader.Create) loader.Reply {
			m, err := ebpf.LoadPinnedMap(asked.Path, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			return &loader.OK{ID: idOf(m)}
		}},
		{"refused, and what was there is gone", "mapdefs.create.path-taken-refused/program", "nil; to equal", func(_ maker, asked loader.Create) loader.Reply {
			if err := os.Remove(asked.Path); err != nil {
				t.Fatal(err)
			}
			return &loader.Rejected{Stage: loader.AtPin, Class: loader.NameConflict}
		}},
		{"a bpffs of its own", "mapdefs.create.no-bpffs-refused", "ok; map", func(honest maker, asked loader.Create) loader.Reply {
			if err := unix.Mount("bpf", filepath.Dir(asked.Path), "bpf", 0, ""); err != nil {
				t.Fatal(err)
			}
			mounted = filepath.Dir(asked.Path)
			return honest(asked)
		}},
		{"a template of its own", "mapdefs.create.template-needed/hash", "ok; map", func(_ maker, asked loader.Create) loader.Reply {
			m, err := ebpf.NewMap(&ebpf.MapSpec{Name: asked.Name, Type: ebpf.HashOfMaps, KeySize: 4, ValueSize: 4, MaxEntries: 5,
				InnerMap: &ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1}})
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			if err := m.Pin(asked.Path); err != nil {
				t.Fatal(err)
			}
			return &loader.OK{ID: idOf(m)}
		}},
		{"refused for another reason", "mapdefs.create.template-missing-refused", "class verifier", func(maker, loader.Create) loader.Reply {
			return &loader.Rejected{Stage: loader.AtCreate, Class: loader.Verifier}
		}},
	} {
		t.Run(tt.fault, func(t *testing.T) {
			begin := func() loader.Loader {
				return &pretender{
					Loader: reference.New(), create: tt.create, reset: reset,
				}
			}
			got := native.Finish(t, tt.spec, begin)
			seen := got.Seen + "; " + got.Expected
			if got.Outcome != record.Failed || !strings.Contains(seen, tt.seen) {
				t.Errorf("%s is %s and has seen %q (%s), want it to see %q", tt.spec, got.Outcome,
					seen, got.Reason, tt.seen)
			}
		})
	}
}
