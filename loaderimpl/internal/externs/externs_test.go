// SPDX-License-Identifier: Apache-2.0

package externs

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// find lists the externs of a test object.
func find(t testing.TB, name string) (*objfile.File, *List) {
	t.Helper()
	order := "el"
	if !objfile.NativeLittle {
		order = "eb"
	}
	data, err := os.ReadFile("../../testdata/" + name + ".bpf" + order + ".o")
	if err != nil {
		t.Fatal(err)
	}
	f, err := objfile.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	types, err := typeinfo.Parse(f)
	if err != nil {
		t.Fatal(err)
	}
	l, err := Find(f, types)
	if err != nil {
		t.Fatal(err)
	}
	return f, l
}

func TestNumbersAreReadAsStrtoullDoes(t *testing.T) {
	for text, want := range map[string]string{
		"0": "0", "00": "0", "7": "7", "+7": "7", "-7": "-7", "010": "8", "0x1F": "31", "0X1f": "31", "-0x10": "-16",
		"18446744073709551615": "18446744073709551615",
		"18446744073709551616": "", "": "", "-": "", "+": "", "0x": "", "08": "", "1 ": "", " 1": "", "1_0": "", "0b1": "", "0o7": "",
		"--1": "", "1e3": "", "0x-1": "", "+-1": "", "-+1": "",
	} {
		n, negative, err := number(text)
		got := ""
		if err == nil {
			got = fmt.Sprint(n)
			if negative {
				got = "-" + got
			}
		}
		if got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

// TestSymbolsAreFoundInAnyParts writes a list in parts of every size.
func TestSymbolsAreFoundInAnyParts(t *testing.T) {
	const list = "0000000000000000 A __per_cpu_start\nffffffff81000000 T one\nffffffffc0000008 t two\t[module]\n\n" +
		"short\nffffffffc0000010 t one.llvm.42\nffffffffc0000018 t onerous\nffffffffc0000020 d three\n"
	want := map[string][]uint64{"one": {0xffffffff81000000, 0xffffffffc0000010}, "two": {0xffffffffc0000008}, "three": {0xffffffffc0000020}}
	for size := 1; size <= len(list); size++ {
		s := NewSymbols([]string{"one", "two", "three", "four"})
		for rest := []byte(list); len(rest) > 0; rest = rest[min(size, len(rest)):] {
			if _, err := s.Write(rest[:min(size, len(rest))]); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(want, s.Addresses); diff != "" || s.Hidden {
			t.Fatalf("parts of %d bytes: hidden %v, %s", size, s.Hidden, diff)
		}
	}
}

func TestAListThatIsNoneIsRefused(t *testing.T) {
	for what, text := range map[string]string{
		"no address": "xyz t one\n",
		"no lines":   strings.Repeat("x", mostLine+1),
	} {
		s := NewSymbols([]string{"one"})
		if _, err := s.Write([]byte(text)); !errors.Is(err, refuse.ErrSymbols) {
			t.Errorf("%s: %v", what, err)
		}
	}
	s := NewSymbols([]string{"one"})
	if _, err := s.Write([]byte("0000000000000000 t one\n0000000000000000 t two\n")); err != nil || !s.Hidden {
		t.Errorf("addresses of zero: hidden %v, %v", s.Hidden, err)
	}
}

// FuzzConfig reads texts as a caller's and as the kernel's. Whatever they hold, no option takes
// bytes of another, the first value of an option stays, and what a caller may give the kernel may
// have as well.
func FuzzConfig(f *testing.F) {
	for _, text := range []string{
		"CONFIG_BOOL=y\nCONFIG_TRISTATE=m\nCONFIG_CHAR=n\nCONFIG_BYTE=0xff\n", "CONFIG_SHORT=-32768\nCONFIG_USHORT=65535\n",
		"CONFIG_INT=-1\nCONFIG_UINT=037\nCONFIG_LONG=-9223372036854775808\nCONFIG_ULONG=18446744073709551615\n",
		"CONFIG_STRING=\"text\"\nCONFIG_STRING=\"\"\r\n#CONFIG_WEAK=1\n", "CONFIG_WEAK=\nCONFIG_INT\nx\n", "CONFIG_CHAR=-128\nCONFIG_WEAK=+0x7fffffff",
	} {
		f.Add(text)
	}
	file, list := find(f, "kconfig")
	f.Fuzz(func(t *testing.T, text string) {
		user, kernel := list.NewConfig(file.Order), list.NewConfig(file.Order)
		refused := user.ReadUser(text)
		alike := refused == nil && !strings.Contains(text, "\r") // which a caller's editor may have put in
		if err := kernel.ReadKernel(ParseKernelConfig(text)); alike && err != nil {
			t.Fatalf("%q: a caller may give it, and the kernel may not have it: %v", text, err)
		}
		if alike && !bytes.Equal(user.Data, kernel.Data) {
			t.Fatalf("%q: % x from a caller, and % x from the kernel", text, user.Data, kernel.Data)
		}
		before := bytes.Clone(user.Data)
		if refused != nil && refuse.ClassOf(refused) != refuse.ClassInvalid {
			t.Fatalf("%q: class of %v", text, refused)
		}
		again := user.Clone()
		if err := again.ReadUser("CONFIG_INT=77\nCONFIG_STRING=\"first\"\n"); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(before, user.Data) {
			t.Fatalf("%q: a clone changes what it is a clone of", text)
		}
		checkOptions(t, text, list, user, again)
	})
}

// checkOptions compares a configuration with one that was given more values later.
func checkOptions(t *testing.T, text string, list *List, first, second *Config) {
	t.Helper()
	for i := range list.Externs {
		e := &list.Externs[i]
		a, b := first.data(i), second.data(i)
		switch {
		case first.set[i] && !bytes.Equal(a, b):
			t.Fatalf("%q: %s was % x, and is % x", text, e.Name, a, b)
		case !first.set[i] && len(bytes.Trim(a, "\x00")) > 0:
			t.Fatalf("%q: %s is % x without a value", text, e.Name, a)
		case e.value == ofString && a[len(a)-1] != 0:
			t.Fatalf("%q: %s has no end: %q", text, e.Name, a)
		case e.value == ofBool && a[0] > 1:
			t.Fatalf("%q: %s is %d", text, e.Name, a[0])
		case e.value == ofTristate && binary.NativeEndian.Uint32(a) > 2:
			t.Fatalf("%q: %s is % x", text, e.Name, a)
		}
	}
}
