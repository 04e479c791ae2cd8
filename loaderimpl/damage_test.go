// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"
)

// allocated is how many bytes this program has allocated so far.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// checkOpen opens bytes that nobody vouches for: it returns, with an object or with an error that says where it is wrong, and for the price
// of a small multiple of the bytes.
func checkOpen(t testing.TB, data []byte) {
	t.Helper()
	o, used, err := openMeasured(data)
	// Runtime metrics count whole spans of small objects, so there is a floor. They also count what the fuzzing engine allocates meanwhile, which
	// does not come again.
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
	if errors.Is(err, ErrUnknownField) {
		o, err = OpenBytes(data, Options{Name: "damaged", IgnoreUnknownFields: true})
	}
	return o, allocated() - before, err
}

// checkForKernel prepares what a load would give to the kernel.
func checkForKernel(t testing.TB, o *Object) {
	t.Helper()
	l := loading{object: o}
	for range o.maps {
		l.maps = append(l.maps, nil)
	}
	for _, p := range o.programs {
		b, err := l.assemble(p.function)
		if err != nil {
			t.Fatal(err)
		}
		if o.ext != nil {
			b.kernelInfo(o, &o.ext.funcs, funcInfoSize)
			b.kernelInfo(o, &o.ext.lines, lineInfoSize)
		}
	}
	if o.types == nil {
		return
	}
	keep, err := o.types.reach(o.typesInUse())
	for _, old := range []bool{false, true} {
		if err == nil {
			_, err = o.types.forKernel(o.file, keep, old)
		}
	}
	if err != nil && !errors.Is(err, ErrBTF) && !errors.Is(err, ErrExtern) {
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
				if !errors.Is(err, ErrELF) {
					t.Fatalf("%s.%s cut to %d bytes: %v", name, order, n, err)
				}
			}
		}
	}
}

// TestOpenOfTruncatedSections cuts each section in turn, so that what is read lacks its end though the file is whole.
func TestOpenOfTruncatedSections(t *testing.T) {
	for _, name := range []string{"btf", "legacy", "data", "inner", "calls"} {
		e := edited(t, name)
		for i := range e.file.sections {
			s := &e.file.sections[i]
			if s.data == nil {
				continue
			}
			h := e.header(s.name)
			for n := range s.size {
				e.order.PutUint64(h[32:], n)
				checkOpen(t, e.data)
			}
			e.order.PutUint64(h[32:], s.size)
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

// TestOpenAllocatesLittle holds opening to four times the size of what is read, as an object may be large.
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
		if used := (after.TotalAlloc - before.TotalAlloc) / runs; used > 4*uint64(len(data)) {
			t.Errorf("%s: %d bytes for an object of %d", name, used, len(data))
		}
	}
}

// seeds are every object of this package and of the suites.
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

func FuzzELF(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := parseELF("fuzzed", data)
		if err != nil {
			if !errors.Is(err, ErrELF) {
				t.Fatalf("error %v", err)
			}
			return
		}
		for i := range file.sections {
			s := &file.sections[i]
			if _, err := file.relocations(s); err != nil && !errors.Is(err, ErrRelocation) {
				t.Fatalf("error %v", err)
			}
			for _, y := range s.symbols {
				if y.value > s.size || y.size > s.size-y.value {
					t.Fatalf("symbol %+v lies outside of its section of %d bytes", y, s.size)
				}
			}
		}
	})
}

// FuzzLegacy fuzzes the bytes of section maps and the places of its symbols.
func FuzzLegacy(f *testing.F) {
	for _, name := range []string{"legacy", "refused/legacy_tail", "refused/legacy_short"} {
		e := readTest(f, name, native())
		file, err := parseELF(name, e)
		if err != nil {
			f.Fatal(err)
		}
		s := file.named(legacySection)
		f.Add(s.data, uint16(s.symbols[0].value), uint16(s.symbols[0].size), uint16(20), uint16(0))
	}
	f.Fuzz(func(t *testing.T, data []byte, at1, size1, at2, size2 uint16) {
		s := &section{name: legacySection, data: data, size: uint64(len(data))}
		for _, p := range [][2]uint16{{at1, size1}, {at2, size2}} {
			y := &symbol{name: strings.Repeat("m", int(p[0])%7+1), bind: 1, value: uint64(p[0]), size: uint64(p[1])}
			if y.value > s.size || y.size > s.size-y.value {
				return // the ELF reader lets no such symbol through
			}
			s.symbols = append(s.symbols, y)
		}
		for _, relax := range []bool{false, true} {
			defs, err := legacyParser{}.define(&input{file: &file{order: nativeOrder()}, relax: relax}, s)
			if err == nil && len(defs) != 2 {
				t.Fatalf("%d definitions of 2 symbols", len(defs))
			}
		}
	})
}

// FuzzBTF fuzzes the types under a good table of symbols.
func FuzzBTF(f *testing.F) {
	base := make(map[string]*file)
	names := []string{"btf", "inner", "data", "calls"}
	for i, name := range names {
		file, err := parseELF(name, readTest(f, name, native()))
		if err != nil {
			f.Fatal(err)
		}
		base[name] = file
		f.Add(uint8(i), file.named(btfSection).data)
	}
	f.Fuzz(func(t *testing.T, which uint8, types []byte) {
		file := *base[names[int(which)%len(names)]]
		file.sections = slices.Clone(file.sections)
		file.named(btfSection).data = types
		spec, err := parseBTF(&file)
		if err != nil {
			return
		}
		if _, err := define(&input{file: &file, types: spec, relax: true}); err == nil {
			return
		} else if typed := (*Error)(nil); !errors.As(err, &typed) || typed.Class == "" {
			t.Fatalf("error %#v is not typed", err)
		}
	})
}
