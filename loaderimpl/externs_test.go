// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/code"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/externs"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// A givenKernel is a kernel that a test makes up. What it does not have is [fs.ErrNotExist].
type givenKernel struct {
	vmlinux any            // []byte, or the error of reading it
	modules map[string]any // the same
	config  any            // string or error
	symbols any            // string or error
	gone    string         // module that is unloaded when its descriptor is asked for

	asked          []string // in what order
	opened, closed int      // descriptors of modules' types
}

// given returns v, or the error that stands for it.
func given[T any](k *givenKernel, what string, v any) (T, error) {
	k.asked = append(k.asked, what)
	var none T
	switch v := v.(type) {
	case T:
		return v, nil
	case error:
		return none, v
	}
	return none, fs.ErrNotExist
}

func (k *givenKernel) Vmlinux() (*typeinfo.Types, error) {
	raw, err := given[[]byte](k, "vmlinux", k.vmlinux)
	if err != nil {
		return nil, err
	}
	return typeinfo.ParseKernel(raw, nil)
}

func (k *givenKernel) Module(name string) ([]byte, error) {
	return given[[]byte](k, name, k.modules[name])
}

func (k *givenKernel) Config() (*externs.KernelConfig, error) {
	text, err := given[string](k, "config", k.config)
	return externs.ParseKernelConfig(text), err
}

func (k *givenKernel) Modules() ([]string, error) {
	return slices.Sorted(maps.Keys(k.modules)), nil
}

func (k *givenKernel) Symbols() (io.ReadCloser, error) {
	text, err := given[string](k, "symbols", k.symbols)
	return io.NopCloser(strings.NewReader(text)), err
}

func (k *givenKernel) ModuleTypes(name string) (int, io.Closer, error) {
	if k.gone == name {
		return -1, nil, fs.ErrNotExist
	}
	k.opened++
	return 100 + k.opened, closing(func() { k.closed++ }), nil
}

func (k *givenKernel) Version() (uint64, error)    { return 6<<16 | 12<<8 | 48, nil }
func (k *givenKernel) HasBPFCookie() (bool, error) { return true, nil }
func (k *givenKernel) SyscallSymbol() string       { return "__x64_sys_bpf" }

type closing func()

func (f closing) Close() error {
	f()
	return nil
}

// Types that all kernels of these tests have, by id.
const (
	kInt = 1 + iota
	kU64
	kTask
	kTaskPointer
	kTakesNumbers // void (int, u64)
	kTakesTask    // struct task_struct *(struct task_struct *)
	kFirst        // of what a test adds
)

const kernelText = "\x00int\x00u64\x00task_struct\x00"

// kernelTypes returns BTF of vmlinux, or of a module that goes on from base, with functions and
// variables: a name, and the type that it has. Names of functions end in ().
func kernelTypes(base []byte, declared ...any) []byte {
	var words []uint32
	text, start := "", uint32(0)
	if base != nil {
		start = objfile.NativeOrder().Uint32(base[20:]) // bytes of its strings
	} else {
		text = kernelText
		kind := func(k typeinfo.Kind, vlen uint32) uint32 { return uint32(k)<<24 | vlen }
		words = []uint32{
			1, kind(typeinfo.KindInt, 0), 4, 1<<24 | 32,
			5, kind(typeinfo.KindInt, 0), 8, 64,
			9, kind(typeinfo.KindStruct, 0), 8,
			0, kind(typeinfo.KindPtr, 0), kTask,
			0, kind(typeinfo.KindFuncProto, 2), 0, 0, kInt, 0, kU64,
			0, kind(typeinfo.KindFuncProto, 1), kTaskPointer, 0, kTaskPointer,
		}
	}
	for i := 0; i < len(declared); i += 2 {
		name, isFunc := strings.CutSuffix(declared[i].(string), "()")
		at := start + uint32(len(text))
		text += name + "\x00"
		if isFunc {
			words = append(words, at, uint32(typeinfo.KindFunc)<<24, uint32(declared[i+1].(int)))
		} else {
			words = append(words, at, uint32(typeinfo.KindVar)<<24, uint32(declared[i+1].(int)), 1)
		}
	}
	order := objfile.NativeOrder()
	raw := append(order.AppendUint16(nil, 0xeb9f), 1, 0)
	size := uint32(4 * len(words))
	for _, w := range append([]uint32{24, 0, size, size, uint32(len(text))}, words...) {
		raw = order.AppendUint32(raw, w)
	}
	return append(raw, text...)
}

// resolveWith resolves the externs of a test object in a kernel.
func resolveWith(t *testing.T, object string, k externKernel) (*externResolver, error) {
	t.Helper()
	o := openTest(t, object, Options{Kconfig: map[string]string{"kconfig": userText}[object]})
	return resolveIn(o, k)
}

func resolveIn(o *Object, k externKernel) (*externResolver, error) {
	var undo undoStack
	r := &externResolver{object: o, kernel: k, undo: &undo}
	err := r.resolveAll()
	undo.end()
	return r, export(o.name, err)
}

// allSymbols is a list that has what testdata/ksyms.c asks for without types.
const allSymbols = "ffffffff81000000 T _text\nffffffff81001230 t untyped\t[module]\nffffffff81001230 t untyped\n" +
	"ffffffffc0000010 d untyped_weak.llvm.123456\t[module]\n"

// ksymsFound returns what a resolver found of testdata/ksyms.c.
func ksymsFound(r *externResolver) map[string]code.Symbol {
	found := make(map[string]code.Symbol)
	for i, e := range r.object.externs.Externs {
		found[e.Name] = r.symbols[i]
	}
	return found
}

func TestSymbolsOfTheKernelAreFound(t *testing.T) {
	garbage := errors.New("garbage")
	needed := []any{"variable", kInt, "function()", kTakesTask}
	plain, vmlinux := kernelTypes(nil), kernelTypes(nil, needed...)
	type symbols = map[string]code.Symbol
	for name, tc := range map[string]struct {
		kernel givenKernel
		want   symbols
	}{
		"all in vmlinux": {
			givenKernel{vmlinux: kernelTypes(nil, append(needed, "variable_weak", kInt, "function___variant()", kInt, "function", kInt)...), symbols: allSymbols,
				modules: map[string]any{"broken": garbage}},
			symbols{
				"untyped": {Found: true, Address: 0xffffffff81001230}, "untyped_weak": {Found: true, Address: 0xffffffffc0000010},
				"variable": {Found: true, ID: kFirst}, "function": {Found: true, ID: kFirst + 1}, "variable_weak": {Found: true, ID: kFirst + 2},
				"function___variant": {}, // the kernel's function takes something else
			},
		},
		"only what is needed": {
			givenKernel{vmlinux: kernelTypes(nil, needed...), symbols: "ffffffff81001230 t untyped\n", modules: map[string]any{"broken": garbage}},
			symbols{
				"untyped": {Found: true, Address: 0xffffffff81001230}, "untyped_weak": {},
				"variable": {Found: true, ID: kFirst}, "function": {Found: true, ID: kFirst + 1}, "variable_weak": {}, "function___variant": {},
			},
		},
		"in modules": {
			givenKernel{vmlinux: kernelTypes(nil), symbols: allSymbols, modules: map[string]any{
				"broken": garbage, "cut": []byte{1}, "first": kernelTypes(plain, "variable", kInt), "gone": fs.ErrNotExist,
				"second": kernelTypes(plain, "other", kInt, "function()", kTakesTask, "variable_weak", kInt),
			}},
			symbols{
				"untyped": {Found: true, Address: 0xffffffff81001230}, "untyped_weak": {Found: true, Address: 0xffffffffc0000010},
				"variable":           {Found: true, ID: kFirst, TypesFD: 101},
				"function":           {Found: true, ID: kFirst + 1, TypesFD: 102, Index: 1},
				"function___variant": {},
				"variable_weak":      {Found: true, ID: kFirst + 2, TypesFD: 102},
			},
		},
		"in the next module when the first goes away": {
			givenKernel{vmlinux: vmlinux, symbols: allSymbols, gone: "first", modules: map[string]any{
				"first": kernelTypes(vmlinux, "variable_weak", kInt), "second": kernelTypes(vmlinux, "variable_weak", kInt),
			}},
			symbols{
				"untyped": {Found: true, Address: 0xffffffff81001230}, "untyped_weak": {Found: true, Address: 0xffffffffc0000010},
				"variable": {Found: true, ID: kFirst}, "function": {Found: true, ID: kFirst + 1},
				"variable_weak": {Found: true, ID: kFirst + 2, TypesFD: 101}, "function___variant": {},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := resolveWith(t, "ksyms", &tc.kernel)
			do(t, err)
			if diff := cmp.Diff(tc.want, ksymsFound(r)); diff != "" {
				t.Error(diff)
			}
			if tc.kernel.opened != tc.kernel.closed {
				t.Errorf("%d descriptors were opened, and %d closed", tc.kernel.opened, tc.kernel.closed)
			}
		})
	}
}

// TestEveryMissingExternIsNamed has kernels that lack something, each with what the error has to
// name and what it must not.
func TestEveryMissingExternIsNamed(t *testing.T) {
	garbage := errors.New("garbage")
	one := kernelTypes(nil, "variable", kInt)
	both := kernelTypes(nil, "variable", kInt, "function()", kTakesTask)
	for name, tc := range map[string]struct {
		kernel givenKernel
		class  Class
		names  string
	}{
		"nothing there":    {givenKernel{vmlinux: kernelTypes(nil), symbols: "1 T _text\n"}, ClassUnresolved, "function untyped variable"},
		"no types":         {givenKernel{symbols: allSymbols}, ClassNotInKernel, "function variable"},
		"types unreadable": {givenKernel{vmlinux: garbage, symbols: allSymbols}, ClassNotInKernel, "function variable variable_weak function___variant"},
		"module unreadable": {givenKernel{vmlinux: kernelTypes(nil, "variable", kInt), symbols: allSymbols, modules: map[string]any{"broken": garbage}},
			ClassNotInKernel, "function"},
		"module gone": {givenKernel{vmlinux: one, symbols: allSymbols, gone: "first",
			modules: map[string]any{"first": kernelTypes(one, "function()", kTakesTask)}}, ClassUnresolved, "function"},
		"no symbols":         {givenKernel{vmlinux: both}, ClassNotInKernel, "untyped"},
		"symbols unreadable": {givenKernel{vmlinux: both, symbols: garbage}, ClassNotInKernel, "untyped untyped_weak"},
		"symbols hidden": {givenKernel{vmlinux: both, symbols: "0000000000000000 t untyped\n0000000000000000 t untyped_weak\n"},
			ClassNotInKernel, "untyped untyped_weak"},
		"symbols hidden, weak ones gone": {givenKernel{vmlinux: both, symbols: "0000000000000000 t untyped\n"}, ClassNotInKernel, "untyped"},
		"two addresses":                  {givenKernel{vmlinux: both, symbols: allSymbols + "ffffffff81001238 t untyped\n"}, ClassInvalid, "untyped"},
		"other types": {givenKernel{vmlinux: kernelTypes(nil, "variable", kTask, "function()", kTakesNumbers, "variable_weak", kTask),
			symbols: allSymbols}, ClassUnresolved, "function variable variable_weak"},
		"function is a variable": {givenKernel{vmlinux: kernelTypes(nil, "variable()", kTakesTask, "function", kInt), symbols: allSymbols},
			ClassUnresolved, "function variable"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := resolveWith(t, "ksyms", &tc.kernel)
			var e *Error
			if !errors.As(err, &e) || e.Stage != "relocate" || e.Class != tc.class {
				t.Fatalf("%v, want class %v", err, tc.class)
			}
			var named []string
			words := strings.FieldsFunc(err.Error(), func(r rune) bool { return strings.ContainsRune(" ,:;", r) })
			for _, extern := range []string{"function", "untyped", "untyped_weak", "variable", "variable_weak", "function___variant"} {
				if slices.Contains(words, extern) {
					named = append(named, extern)
				}
			}
			want := strings.Fields(tc.names)
			slices.Sort(want)
			slices.Sort(named)
			if diff := cmp.Diff(want, named); diff != "" {
				t.Errorf("%v: (-want +got)\n%s", err, diff)
			}
		})
	}
}

// TestOnlyWhatProgramsUseIsLookedUp leaves out the program that needs what the kernel lacks.
func TestOnlyWhatProgramsUseIsLookedUp(t *testing.T) {
	for _, object := range []string{"ksyms", "kconfig"} {
		o := openTest(t, object, Options{})
		do(t, o.Program("use").SetAutoload(false))
		var k givenKernel
		if _, err := resolveIn(o, &k); err != nil {
			t.Errorf("%s: %v", object, err)
		}
		if object == "ksyms" && k.asked != nil {
			t.Errorf("the kernel is asked for %v", k.asked)
		}
	}
}

// TestOptionsOfTheKernel gives and takes values of the running kernel's configuration.
func TestOptionsOfTheKernel(t *testing.T) {
	less := strings.Replace(userText, "CONFIG_INT=-1\n", "", 1)
	for name, tc := range map[string]struct {
		user   string
		config any
		class  Class
		names  string
		want   int32 // of CONFIG_INT
	}{
		"all given":           {userText, fs.ErrNotExist, "", "", -1},
		"weak one is missing": {userText, "CONFIG_INT=5\n", "", "", -1},
		"kernel's":            {less, "# CONFIG_WEAK is not set\nCONFIG_INT=5\nCONFIG_INT=6\nCONFIG_BOOL=\n", "", "", 5},
		"not set":             {less, "# CONFIG_INT is not set\n", ClassUnresolved, "CONFIG_INT", 0},
		"no configuration":    {less, fs.ErrNotExist, ClassNotInKernel, "CONFIG_INT", 0},
		"of another type":     {less, "CONFIG_INT=\"x\"\nCONFIG_WEAK=y\n", ClassInvalid, "CONFIG_INT CONFIG_WEAK", 0},
		"nothing given":       {"", "CONFIG_BOOL=y\nCONFIG_CHAR=n\nCONFIG_BYTE=1\nCONFIG_TRISTATE=y\nCONFIG_LONG=1\nCONFIG_UINT=2\n", ClassUnresolved, "CONFIG_INT CONFIG_SHORT CONFIG_STRING CONFIG_ULONG CONFIG_USHORT", 0},
	} {
		t.Run(name, func(t *testing.T) {
			o := openTest(t, "kconfig", Options{Kconfig: tc.user})
			r, err := resolveIn(o, &givenKernel{config: tc.config, symbols: "0 T __x64_sys_bpf\n"})
			if tc.class != "" {
				var e *Error
				if !errors.As(err, &e) || e.Class != tc.class || e.Section != ".kconfig" {
					t.Fatalf("%v, want class %v", err, tc.class)
				}
				for _, e := range o.externs.Externs {
					words := strings.FieldsFunc(err.Error(), func(r rune) bool { return strings.ContainsRune(" ,:;\n", r) })
					if want := slices.Contains(strings.Fields(tc.names), e.Name); slices.Contains(words, e.Name) != want {
						t.Errorf("%v names %s: %v", err, e.Name, !want)
					}
				}
				return
			}
			do(t, err)
			number := func(name string) int32 {
				i, _ := o.externs.Named(name)
				return int32(objfile.NativeOrder().Uint32(r.config.Data[o.externs.Externs[i].Offset:]))
			}
			if got := number("CONFIG_INT"); got != tc.want {
				t.Errorf("CONFIG_INT is %d, want %d", got, tc.want)
			}
			if got := number("LINUX_KERNEL_VERSION"); got != 0x060c30 {
				t.Errorf("LINUX_KERNEL_VERSION is %#x", got)
			}
			for _, flag := range []string{externs.HasBPFCookie, externs.HasSyscallWrapper} {
				i, _ := o.externs.Named(flag)
				if r.config.Data[o.externs.Externs[i].Offset] != 1 {
					t.Errorf("%s is not set", flag)
				}
			}
		})
	}
}

// TestWhatIsWrongWithUserTextIsKnownAtOpen gives texts that no kernel has to be asked about.
func TestWhatIsWrongWithUserTextIsKnownAtOpen(t *testing.T) {
	for text, wrong := range map[string]string{
		"CONFIG_BOOL=m": "line 1", "CONFIG_BOOL=1": "line 1", "CONFIG_TRISTATE=1": "line 1", "CONFIG_CHAR=q": "line 1",
		"CONFIG_CHAR=\"q\"": "line 1", "CONFIG_BYTE=256": "line 1", "CONFIG_BYTE=-1": "line 1", "CONFIG_CHAR=128": "line 1",
		"CONFIG_SHORT=32768": "line 1", "CONFIG_USHORT=65536": "line 1", "CONFIG_INT=2147483648": "line 1", "CONFIG_INT=y": "line 1",
		"CONFIG_UINT=-1": "line 1", "CONFIG_UINT=0x100000000": "line 1", "CONFIG_LONG=9223372036854775808": "line 1",
		"CONFIG_ULONG=18446744073709551616": "line 1", "CONFIG_ULONG=1_0": "line 1", "CONFIG_ULONG=0b1": "line 1", "CONFIG_ULONG= 1": "line 1",
		"CONFIG_STRING=text": "line 1", "CONFIG_STRING=\"": "line 1", "CONFIG_STRING=\"text": "line 1", "CONFIG_STRING=7": "line 1",
		"CONFIG_BOOL=": "line 1", "CONFIG_BOOL": "line 1", "BOOL=y": "line 1", " CONFIG_BOOL=y": "line 1", "CONFIG_UNKNOWN=": "line 1",
		"LINUX_KERNEL_VERSION=1": "line 1", "CONFIG_BOOL=yes": "line 1",
		"\n# fine\nCONFIG_BOOL=m\nCONFIG_CHAR=65\nCONFIG_INT=x\n": "line 3 line 5",
	} {
		_, err := Open([]string{objectPath("kconfig", native())}, Options{Kconfig: text})
		var e *Error
		if !errors.As(err, &e) || e.Stage != "resolve" || e.Class != ClassInvalid || e.Section != ".kconfig" {
			t.Errorf("%q: %v", text, err)
			continue
		}
		for n := range 6 {
			line := fmt.Sprintf("line %d", n)
			if strings.Contains(err.Error(), line) != strings.Contains(wrong, line) {
				t.Errorf("%q: %v, want %s", text, err, wrong)
			}
		}
	}
}

// userText gives every strong option of testdata/kconfig.c a value.
const userText = `# a comment
CONFIG_BOOL=y
CONFIG_TRISTATE=m
CONFIG_CHAR=n
CONFIG_BYTE=0xff
CONFIG_SHORT=-32768

CONFIG_USHORT=65535
CONFIG_INT=-1
CONFIG_UINT=037
CONFIG_LONG=-9223372036854775808
CONFIG_ULONG=18446744073709551615
CONFIG_STRING="longer than it may be"
CONFIG_STRING="first counts"
CONFIG_NOT_IN_THE_OBJECT="x"
`

func TestOptionsReachPrograms(t *testing.T) {
	l := load(t, "kconfig", Options{Kconfig: userText}, nil)
	value, err := l.Maps[".kconfig"].LookupBytes(uint32(0))
	do(t, err)
	if n := binary.NativeEndian.Uint32(value[40:]); n>>16 < 5 {
		t.Errorf("LINUX_KERNEL_VERSION is %#x", n)
	}
	got := make(map[string]string)
	for i := range l.object.externs.Externs {
		e := &l.object.externs.Externs[i]
		if !strings.HasPrefix(e.Name, "LINUX_") {
			got[e.Name] = fmt.Sprintf("%x", value[e.Offset:e.Offset+e.Size])
		}
	}
	want := map[string]string{
		"CONFIG_BOOL": "01", "CONFIG_TRISTATE": "02000000", "CONFIG_CHAR": "6e", "CONFIG_BYTE": "ff",
		"CONFIG_SHORT": "0080", "CONFIG_USHORT": "ffff", "CONFIG_INT": "ffffffff", "CONFIG_UINT": "1f000000",
		"CONFIG_LONG": "0000000000000080", "CONFIG_ULONG": "ffffffffffffffff", "CONFIG_WEAK": "00000000",
		"CONFIG_STRING": fmt.Sprintf("%x", "longer \x00"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(kernelMap{
		Name: "kconfig.kconfig", Type: ebpf.Array, Key: 4, Value: 61, Entries: 1, Flags: 0x480,
		KeyType: "nothing", ValueType: `Datasec:".kconfig"`, Frozen: true,
	}, kernelMaps(t, l)[".kconfig"]); diff != "" {
		t.Error(diff)
	}
}
