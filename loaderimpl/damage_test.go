// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"slices"
	"testing"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/code"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// allocated returns how many bytes this program has allocated so far.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// checkOpen opens bytes of any kind: it returns, with an object or with an error that says where it
// is wrong, and allocates a small multiple of the bytes.
func checkOpen(t testing.TB, data []byte) {
	t.Helper()
	o, used, err := openMeasured(data)
	// Runtime metrics count whole spans of small objects, so there is a floor. They also count what
	// the fuzzing engine allocates meanwhile, which does not come again.
	most := uint64(16*len(data) + 1<<20)
	for tries := 0; used > most && tries < 3; tries++ {
		o, used, err = openMeasured(data)
	}
	if used > most {
		t.Fatalf("%d bytes of object took %d bytes", len(data), used)
	}
	if err == nil {
		checkForKernel(t, o)
		return
	}
	var typed *Error
	if !errors.As(err, &typed) || typed.Class == "" || typed.Object != "damaged" {
		t.Fatalf("error %#v is not typed", err)
	}
}

// openMeasured opens an object, and tells how many bytes the process allocated meanwhile.
func openMeasured(data []byte) (*Object, uint64, error) {
	before := allocated()
	o, err := OpenBytes(data, Options{Name: "damaged"})
	if errors.Is(err, refuse.ErrUnknownField) {
		o, err = OpenBytes(data, Options{Name: "damaged", IgnoreUnknownFields: true})
	}
	return o, allocated() - before, err
}

// checkForKernel prepares what a load would give to the kernel.
func checkForKernel(t testing.TB, o *Object) {
	t.Helper()
	maps := slices.Repeat([]code.MapRef{{FD: code.NoMap}}, len(o.maps))
	symbols := make([]code.Symbol, len(o.externs.Externs))
	for _, p := range o.programs {
		b, err := code.Assemble(o.functions, p.function, o.file.Order, maps, symbols)
		if err != nil {
			t.Fatal(err)
		}
		if o.ext != nil {
			b.Info(&o.ext.Funcs, typeinfo.FuncInfoSize)
			b.Info(&o.ext.Lines, typeinfo.LineInfoSize)
		}
	}
	if o.types == nil {
		return
	}
	keep, err := o.types.Reach(o.typesInUse())
	for v := typeinfo.AsCompiled; v <= typeinfo.Oldest; v++ {
		if err == nil {
			_, err = o.types.ForKernel(o.file, keep, v, o.externs.Options(), nil)
		}
	}
	if err != nil && !errors.Is(err, refuse.ErrBTF) && !errors.Is(err, refuse.ErrExtern) {
		t.Fatalf("error %v", err)
	}
}

func readTest(t testing.TB, name, order string) []byte {
	t.Helper()
	data, err := os.ReadFile(objectPath(name, order))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestOpenOfTruncatedObjects(t *testing.T) {
	for _, name := range sources(t, "") {
		for _, order := range orders {
			data := readTest(t, name, order)
			for n := range data {
				_, err := OpenBytes(data[:n:n], Options{})
				if !errors.Is(err, refuse.ErrELF) {
					t.Fatalf("%s.%s cut to %d bytes: %v", name, order, n, err)
				}
			}
		}
	}
}

// TestOpenOfTruncatedSections cuts each section in turn, so that what is read lacks its end though
// the file is whole.
func TestOpenOfTruncatedSections(t *testing.T) {
	for _, name := range []string{"btf", "legacy", "data", "inner", "calls"} {
		e := edited(t, name)
		for i := range e.file.Sections {
			s := &e.file.Sections[i]
			if s.Data == nil {
				continue
			}
			h := e.header(s.Name)
			for n := range s.Size {
				e.order.PutUint64(h[32:], n)
				checkOpen(t, e.data)
			}
			e.order.PutUint64(h[32:], s.Size)
		}
	}
}

func TestOpenOfObjectsWithOneByteChanged(t *testing.T) {
	for _, name := range []string{"btf", "legacy", "data", "inner", "calls"} {
		data := readTest(t, name, native())
		for i := range data {
			data[i] = ^data[i]
			checkOpen(t, data)
			data[i] = ^data[i]
		}
	}
}

// TestOpenOfObjectsWithExtremeNumbers puts numbers that overflow something in every aligned word.
func TestOpenOfObjectsWithExtremeNumbers(t *testing.T) {
	for _, name := range []string{"btf", "legacy", "inner"} {
		e := edited(t, name)
		for i := 0; i+8 <= len(e.data); i += 4 {
			was := slices.Clone(e.data[i : i+8])
			for _, n := range []uint64{0, 1 << 31, 1<<32 - 1, 1 << 63, 1<<64 - 1} {
				e.order.PutUint64(e.data[i:], n)
				checkOpen(t, e.data)
			}
			copy(e.data[i:], was)
		}
	}
}

// TestOpenAllocatesLittle holds opening to four times the size of what is read, as an object may be
// large, and to some bytes that every object takes.
func TestOpenAllocatesLittle(t *testing.T) {
	const runs = 100
	for _, name := range sources(t, "") {
		data := readTest(t, name, native())
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range runs {
			if _, err := OpenBytes(data, Options{}); err != nil {
				t.Fatal(err)
			}
		}
		runtime.ReadMemStats(&after)
		if used := (after.TotalAlloc - before.TotalAlloc) / runs; used > 4*uint64(len(data))+256 {
			t.Errorf("%s: %d bytes for an object of %d", name, used, len(data))
		}
	}
}

// seeds adds every object of this package and of the suites.
func seeds(f *testing.F) {
	for _, folder := range []string{"", "refused"} {
		for _, name := range sources(f, folder) {
			for _, order := range orders {
				f.Add(readTest(f, name, order))
			}
		}
	}
	names, err := filepath.Glob("../objects/*/e[lb]/*.o")
	if err != nil || len(names) == 0 {
		f.Fatalf("objects of the suites: %v", err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
}

func FuzzOpen(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) { checkOpen(t, data) })
}
