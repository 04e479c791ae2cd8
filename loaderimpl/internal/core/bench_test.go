// SPDX-License-Identifier: Apache-2.0

package core

import (
	"bytes"
	"fmt"
	"os"
	"syscall"
	"testing"

	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// A workload is what a load relocates: an object with relocations of vmlinux's structs and of a
// driver's, the types of vmlinux, and those of drivers, which go on from them.
type workload struct {
	object  []byte
	vmlinux []byte
	splits  [][]byte
}

// newWorkload makes relocations of so many members of vmlinux's structs, and so many drivers of a
// hundred structs each. Each driver has names of its own.
func newWorkload(b *testing.B, relos, splits int) *workload {
	b.Helper()
	raw, err := os.ReadFile("/sys/kernel/btf/vmlinux")
	if err != nil {
		b.Fatal(err)
	}
	spec, err := btf.LoadSpecFromReader(bytes.NewReader(raw))
	if err != nil {
		b.Fatal(err)
	}
	base, err := typeinfo.ParseWhole(raw)
	if err != nil {
		b.Fatal(err)
	}
	w := &workload{vmlinux: raw}
	var asks []ask
	seen := make(map[string]bool)
	for typ, err := range spec.All() {
		if err != nil {
			b.Fatal(err)
		}
		s, is := typ.(*btf.Struct)
		if !is || s.Name == "" || seen[s.Name] || len(asks) >= relos {
			continue
		}
		seen[s.Name] = true
		local := &btf.Struct{Name: s.Name, Size: s.Size}
		for _, m := range s.Members {
			if _, is := btf.UnderlyingType(m.Type).(*btf.Int); is && m.Name != "" && m.BitfieldSize == 0 {
				local.Members = append(local.Members, btf.Member{Name: m.Name, Type: tInt, Offset: m.Offset})
			}
		}
		for i := range local.Members {
			if i < 6 && len(asks) < relos {
				asks = append(asks, ask{local, fmt.Sprintf("0:%d", i), FieldByteOffset})
			}
		}
	}
	if len(asks) != relos {
		b.Fatalf("%d relocations, want %d", len(asks), relos)
	}
	for i := range splits {
		var own []btf.Type
		for k := range 100 {
			own = append(own, structure(fmt.Sprintf("nic_%d_%d", i, k), 64, at(0, "mark", tInt), at(8, "hash", tUint)))
		}
		raw, _, _ := marshal(b, own)
		whole, err := typeinfo.ParseKernel(raw, nil)
		if err != nil {
			b.Fatal(err)
		}
		w.splits = append(w.splits, whole.GoOn(base))
	}
	w.object = newObject(b, asks...).file
	return w
}

// ours reads types.
func (w *workload) ours(b *testing.B) []Source {
	vmlinux, err := typeinfo.ParseKernel(w.vmlinux, nil)
	if err != nil {
		b.Fatal(err)
	}
	sources := []Source{{"vmlinux", vmlinux}}
	for _, raw := range w.splits {
		types, err := typeinfo.ParseGiven(raw, nil, vmlinux)
		if err != nil {
			b.Fatal(err)
		}
		sources = append(sources, Source{"nic", types})
	}
	return sources
}

// relocateOurs reads and relocates the object.
func (w *workload) relocateOurs(b *testing.B, sources []Source) {
	f, err := objfile.Parse(w.object)
	if err != nil {
		b.Fatal(err)
	}
	local, err := typeinfo.Parse(f)
	if err != nil {
		b.Fatal(err)
	}
	ext, err := typeinfo.ParseExt(f, local)
	if err != nil {
		b.Fatal(err)
	}
	r := Resolver{Local: local, Sources: sources}
	if _, err := r.Resolve(Read(local, ext.CORE.Sections["p"], ext.CORE.Size)); err != nil {
		b.Fatal(err)
	}
}

// theirs reads types with cilium/ebpf.
func (w *workload) theirs(b *testing.B) []*btf.Spec {
	vmlinux, err := btf.LoadSpecFromReader(bytes.NewReader(w.vmlinux))
	if err != nil {
		b.Fatal(err)
	}
	targets := []*btf.Spec{vmlinux}
	for _, raw := range w.splits {
		types, err := btf.LoadSplitSpecFromReader(bytes.NewReader(raw), vmlinux)
		if err != nil {
			b.Fatal(err)
		}
		targets = append(targets, types)
	}
	return targets
}

// relocateTheirs reads and relocates the object with cilium/ebpf.
func (w *workload) relocateTheirs(b *testing.B, targets []*btf.Spec) {
	spec, ext, err := btf.LoadSpecAndExtInfosFromReader(bytes.NewReader(w.object))
	if err != nil {
		b.Fatal(err)
	}
	_, _, list := ext.Section("p")
	relos := make([]*btf.CORERelocation, len(list))
	for i := range list {
		relos[i] = list[i].Relo
	}
	_, err = btf.CORERelocate(relos, targets, objfile.NativeOrder(), spec.TypeID)
	if err != nil {
		b.Fatal(err)
	}
}

// measure runs f, and reports the time that processors spent on it beside the time that passed.
func measure(b *testing.B, f func()) {
	cpu := func() int64 {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return u.Utime.Nano() + u.Stime.Nano()
	}
	b.ReportAllocs()
	var start int64
	n := 0
	for b.Loop() {
		if n == 0 {
			start = cpu()
		}
		f()
		n++
	}
	b.ReportMetric(float64(cpu()-start)/float64(n), "cpu-ns/op")
}

// BenchmarkRelocate reads and relocates an object, once with types that are read for it, as in the
// first load of a process, and once with those that are kept, as in the next.
func BenchmarkRelocate(b *testing.B) {
	for _, relos := range []int{10, 1_000, 10_000} {
		for _, splits := range []int{1, 10, 50} {
			w := newWorkload(b, relos, splits)
			name := fmt.Sprintf("relocations=%d/splits=%d/", relos, splits)
			b.Run(name+"first/ours", func(b *testing.B) {
				measure(b, func() { w.relocateOurs(b, w.ours(b)) })
			})
			b.Run(name+"first/cilium", func(b *testing.B) {
				measure(b, func() { w.relocateTheirs(b, w.theirs(b)) })
			})
			sources, targets := w.ours(b), w.theirs(b)
			b.Run(name+"again/ours", func(b *testing.B) {
				measure(b, func() { w.relocateOurs(b, sources) })
			})
			b.Run(name+"again/cilium", func(b *testing.B) {
				measure(b, func() { w.relocateTheirs(b, targets) })
			})
		}
	}
}
