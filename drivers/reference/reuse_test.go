// SPDX-License-Identifier: Apache-2.0

package reference_test

import (
	"errors"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/drivers/reference"
	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/loaderimpl"
)

// onBPFFS runs a test with a bpffs of its own, in a thread with a mount namespace of its own.
func onBPFFS(t *testing.T, f func(root string)) {
	t.Helper()
	needsBPF(t)
	root := t.TempDir()
	done := make(chan error)
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked: the thread ends, and its namespace with it
		err := unix.Unshare(unix.CLONE_FS | unix.CLONE_NEWNS)
		if err == nil {
			err = errors.Join(unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""), unix.Mount("bpffs", root, "bpf", 0, ""))
		}
		if err != nil {
			done <- err
			return
		}
		f(root)
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// pinned makes a map and pins it.
func pinned(t *testing.T, path string, spec *ebpf.MapSpec) *ebpf.Map {
	t.Helper()
	m, err := ebpf.NewMap(spec)
	if err == nil {
		err = loaderimpl.Pin(m, path)
	}
	if err != nil {
		t.Error(err)
		runtime.Goexit()
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func TestMapsAreReused(t *testing.T) {
	onBPFFS(t, func(root string) {
		l := reference.New()
		spec := ebpf.MapSpec{Type: ebpf.Hash, KeySize: 4, ValueSize: 8, MaxEntries: 3}
		good := pinned(t, filepath.Join(root, "good"), &spec)
		spec.MaxEntries, spec.ValueSize = 4, 16
		pinned(t, filepath.Join(root, "bad"), &spec)
		load := func(name string) loader.Reply {
			do(t, l, loader.Open{Session: name, Object: object("pinned"), Options: loader.OpenOptions{PinRoot: filepath.Join(root, name)}})
			path := filepath.Join(root, name)
			set := do(t, l, loader.Set{Session: name, Target: "map", Name: "shared", Attr: loader.Reuse, Value: path})
			if _, ok := set.(*loader.OK); !ok {
				return set
			}
			do(t, l, loader.Set{Session: name, Target: "map", Name: "shared", Attr: loader.PinPath, Value: ""})
			return do(t, l, loader.Load{Session: name})
		}
		id, _ := good.Info()
		want, _ := id.ID()
		compare(t, "the same", &loader.OK{Maps: []loader.MapView{{Name: "shared", ID: uint32(want)}}}, load("good"))
		compare(t, "another", &loader.Rejected{Stage: loader.AtPin, Class: loader.IncompatiblePin, Differs: []loader.Difference{
			{Attribute: loader.ValueSize, Pinned: 16, Defined: 8}, {Attribute: loader.MaxEntries, Pinned: 4, Defined: 3},
		}}, load("bad"))
		compare(t, "nothing", &loader.Rejected{Stage: loader.AtPin, Class: loader.NotFound, Errno: 2}, load("missing"))
		compare(t, "reset", &loader.OK{}, do(t, l, loader.Reset{}))
	})
}

func TestInnerMapsAreShown(t *testing.T) {
	onBPFFS(t, func(root string) {
		l := reference.New()
		template := filepath.Join(root, "template")
		like := pinned(t, template, &ebpf.MapSpec{Type: ebpf.Hash, KeySize: 8, ValueSize: 16, MaxEntries: 4})
		do(t, l, loader.Open{Session: "s", Object: object("btf")})
		set := func(attr loader.Attribute, value any) loader.Reply {
			return do(t, l, loader.Set{Session: "s", Target: "map", Name: "sized", Attr: attr, Value: value})
		}
		compare(t, "of an array", &loader.Rejected{Stage: loader.AtOpen, Class: loader.BadMapDef}, set(loader.InnerMap, template))
		compare(t, "type", &loader.OK{}, set(loader.MapType, float64(ebpf.ArrayOfMaps)))
		compare(t, "value size", &loader.OK{}, set(loader.ValueSize, 4))
		compare(t, "inner map", &loader.OK{}, set(loader.InnerMap, template))
		do(t, l, loader.Set{Session: "s", Target: "program", Name: "use", Attr: loader.AutoLoad, Value: false})
		ok, _ := do(t, l, loader.Load{Session: "s"}).(*loader.OK)
		if ok == nil {
			t.Error("not loaded")
			return
		}
		view, _ := ok.Map("sized")
		outer, err := ebpf.NewMapFromID(ebpf.MapID(view.ID))
		if err != nil {
			t.Error(err)
			return
		}
		defer outer.Close()
		if err := outer.Put(uint32(0), like); err != nil {
			t.Errorf("a map like the template is not taken: %v", err)
		}
		compare(t, "reset", &loader.OK{}, do(t, l, loader.Reset{}))
	})
}
