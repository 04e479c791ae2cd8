// SPDX-License-Identifier: Apache-2.0

package reference_test

import (
	"bytes"
	"context"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"runtime/metrics"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/loadstone-bpf/loadstone/loaderimpl"
	"github.com/loadstone-bpf/loadstone/oracle"
)

// What one object may cost the loader, whatever is in it.
const (
	mostTime   = 10 * time.Second
	mostMemory = 256 << 20 // bytes allocated when it is opened; loading adds the verifier's log, of at most 16 MiB
)

// mostKernelMemory limits what the maps of an object may take for it to be loaded here, in bytes.
// The kernel would try to give what a damaged number asks for beyond that, and the machine has
// other users.
const mostKernelMemory = 16 << 20

// golden lists objects with every way to define maps and programs that call, refer and share, by
// the path of their build.
var golden = []string{
	"../../objects/mapdefs/%s/several.o",
	"../../objects/mapdefs/%s/legacy_several.o",
	"../../objects/mapdefs/%s/iproute2_several.o",
	"../../objects/mapdefs/%s/subprogram.o",
	"../../loaderimpl/testdata/inner.bpf%s.o",
	"../../loaderimpl/testdata/data.bpf%s.o",
}

func nativeObject(t testing.TB, pattern string) []byte {
	t.Helper()
	order := "el"
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		order = "eb"
	}
	data, err := os.ReadFile(fmt.Sprintf(pattern, order))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestDamagedObjectsLeaveNothingBehind opens, and where that goes well loads, every damaged copy of
// the golden objects. Each is refused with a typed error or loaded, in time and memory, and then
// nothing is left: no descriptor of this process, no object in the kernel.
func TestDamagedObjectsLeaveNothingBehind(t *testing.T) {
	needsBPF(t)
	for _, pattern := range golden {
		t.Run(strings.Split(filepath.Base(pattern), ".")[0], func(t *testing.T) {
			trial := newTrial(t)
			for what, data := range damaged(t, nativeObject(t, pattern)) {
				trial.try(t, what, data)
			}
			trial.end(t)
		})
	}
}

// A trial has the loader try objects, and looks at what is left.
type trial struct {
	before      oracle.Inventory
	descriptors []string

	opened, large, refused int
	loading                errgroup.Group // of objects that were opened: the kernel is slow to put maps in maps, and does many at once
	loaded                 atomic.Int64
}

func newTrial(t testing.TB) *trial {
	t.Helper()
	before, err := oracle.Take("")
	if err != nil {
		t.Fatal(err)
	}
	tr := &trial{before: before, descriptors: descriptors(t)}
	tr.loading.SetLimit(64)
	return tr
}

// descriptors lists what this process has open, without the number that each has.
func descriptors(t testing.TB) []string {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	var open []string
	for _, e := range entries {
		target, err := os.Readlink("/proc/self/fd/" + e.Name())
		if err == nil && !strings.HasSuffix(target, "/fd") { // the folder that was just read
			open = append(open, target)
		}
	}
	slices.Sort(open)
	return open
}

// allocated returns how many bytes this program has allocated so far.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

func (tr *trial) try(t testing.TB, what string, data []byte) {
	t.Helper()
	began, before := time.Now(), allocated()
	o, err := loaderimpl.OpenBytes(data, loaderimpl.Options{Name: "damaged"})
	if used := allocated() - before; used > mostMemory {
		t.Fatalf("%s: opening allocated %d bytes, at most %d: %v", what, used, mostMemory, err)
	}
	if err := checked(began, err); err != nil {
		t.Fatalf("%s: open: %v", what, err)
	}
	switch {
	case err != nil:
		tr.refused++
	case tooLarge(o):
		tr.opened++
		tr.large++
	default:
		tr.opened++
		tr.load(what, slices.Clone(data))
	}
	if (tr.opened+tr.refused)%512 == 0 {
		tr.check(t, what)
	}
}

// load loads an object and gives it up, beside others.
func (tr *trial) load(what string, data []byte) {
	tr.loading.Go(func() error {
		o, err := loaderimpl.OpenBytes(data, loaderimpl.Options{Name: "damaged"}) // again, as the first one's bytes are changed by now
		if err != nil {
			return fmt.Errorf("%s: opened once and not twice: %w", what, err)
		}
		began := time.Now()
		loaded, err := o.Load(loaderimpl.LoadOptions{})
		if wrong := checked(began, err); wrong != nil {
			return fmt.Errorf("%s: load: %w", what, wrong)
		}
		if err != nil {
			return nil
		}
		tr.loaded.Add(1)
		return loaded.Close()
	})
}

// checked returns what is wrong with how an object was refused, or with how long it took.
func checked(began time.Time, err error) error {
	var typed *loaderimpl.Error
	if err != nil && (!errors.As(err, &typed) || typed.Stage == "") {
		return fmt.Errorf("error %#v is not typed", err)
	}
	if took := time.Since(began); took > mostTime {
		return fmt.Errorf("took %v, at most %v: %w", took, mostTime, err)
	}
	return nil
}

// tooLarge reports whether the kernel would be asked for more memory than a test should.
func tooLarge(o *loaderimpl.Object) bool {
	for _, m := range o.Maps() {
		d := m.Definition()
		const overhead = 256 // bytes that an element may take beside its key and value
		if uint64(d.KeySize) > mostKernelMemory || uint64(d.ValueSize) > mostKernelMemory ||
			uint64(d.MaxEntries)*(uint64(d.KeySize)+uint64(d.ValueSize)+overhead) > mostKernelMemory {
			return true
		}
	}
	return false
}

// check waits for what is being loaded, and looks at what is open.
func (tr *trial) check(t testing.TB, what string) {
	t.Helper()
	if err := tr.loading.Wait(); err != nil {
		t.Fatal(err)
	}
	if now := descriptors(t); len(now) > len(tr.descriptors) {
		t.Fatalf("%s, or one before it: descriptors are left\n%s", what, strings.Join(now, "\n"))
	}
}

func (tr *trial) end(t testing.TB) {
	t.Helper()
	tr.check(t, "the last object")
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	left, err := oracle.Witness{Shared: true}.Beyond(ctx, tr.before)
	if err != nil {
		t.Fatal(err)
	}
	if len(left) > 0 {
		t.Fatalf("the kernel holds what was not there before: %v", left)
	}
	if tr.refused == 0 || tr.loaded.Load() == 0 {
		t.Fatalf("%d objects refused at open and %d loaded: this test tests nothing", tr.refused, tr.loaded.Load())
	}
	t.Logf("%d refused at open, %d opened, of which %d loaded and %d asked for more memory than is tried", tr.refused, tr.opened, tr.loaded.Load(), tr.large)
}

// damaged yields damaged copies of an object, each with what was done to it. A copy is good until
// the next one.
func damaged(t testing.TB, data []byte) iter.Seq2[string, []byte] {
	t.Helper()
	file, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	order := file.ByteOrder
	return func(yield func(string, []byte) bool) {
		for _, n := range cuts(file, len(data)) {
			if !yield(fmt.Sprintf("cut to %d bytes", n), data[:n:n]) {
				return
			}
		}
		for what, at := range telling(file, order, data) {
			for i := at.start; i < at.end; i++ {
				for _, mask := range []byte{0xff, 0x01, 0x80} {
					data[i] ^= mask
					ok := yield(fmt.Sprintf("%s: byte %d xor %#x", what, i, mask), data)
					data[i] ^= mask
					if !ok {
						return
					}
				}
			}
			if !extremes(yield, order, data, what, at) {
				return
			}
		}
	}
}

// extremes puts numbers that overflow something where numbers may be: in every aligned word, of 4
// bytes and of 8.
func extremes(yield func(string, []byte) bool, order binary.ByteOrder, data []byte, what string, at span) bool {
	for i := (at.start + 3) &^ 3; i+8 <= at.end; i += 4 {
		was := [8]byte(data[i:])
		for _, n := range []uint64{0, 1, 1 << 31, 1<<32 - 1, 1 << 63, 1<<64 - 1} {
			if n < 1<<32 {
				order.PutUint32(data[i:], uint32(n))
				if !yield(fmt.Sprintf("%s: 4 bytes at %d are %#x", what, i, n), data) {
					return false
				}
			}
			order.PutUint64(data[i:], n)
			ok := yield(fmt.Sprintf("%s: 8 bytes at %d are %#x", what, i, n), data)
			copy(data[i:], was[:])
			if !ok {
				return false
			}
		}
	}
	return true
}

// cuts returns the sizes to cut a file to: every one up to 4 KiB, and those at and around the ends
// of its sections.
func cuts(file *elf.File, size int) []int {
	var all []int
	for n := range min(size, 4<<10) {
		all = append(all, n)
	}
	for _, s := range file.Sections {
		for _, edge := range []uint64{s.Offset, s.Offset + s.FileSize} {
			for n := int(edge) - 1; n <= int(edge)+1; n++ {
				if n >= 0 && n < size {
					all = append(all, n)
				}
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// A span is a part of a file, in bytes.
type span struct{ start, end int }

// telling yields the parts of a file that say what the rest means, with what they are: headers,
// symbols, relocations, map definitions, types.
func telling(file *elf.File, order binary.ByteOrder, data []byte) iter.Seq2[string, span] {
	const headerSize, sectionHeaderSize = 64, 64
	table := int(order.Uint64(data[0x28:]))
	return func(yield func(string, span) bool) {
		if !yield("file header", span{0, headerSize}) || !yield("section headers", span{table, table + sectionHeaderSize*len(file.Sections)}) {
			return
		}
		for _, s := range file.Sections {
			tells := s.Type == elf.SHT_SYMTAB || s.Type == elf.SHT_REL || slices.Contains([]string{"maps", ".maps", ".BTF", ".BTF.ext", "vendor_maps"}, s.Name)
			if tells && s.Type != elf.SHT_NOBITS && !yield("section "+s.Name, span{int(s.Offset), int(s.Offset + s.FileSize)}) {
				return
			}
		}
	}
}
