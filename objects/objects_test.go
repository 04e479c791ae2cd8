// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"bytes"
	"crypto/sha256"
	"debug/elf"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/objects/elfedit"
)

// every returns every object of the catalogue.
func every(t *testing.T) []Object {
	t.Helper()
	var all []Object
	for _, catalogue := range []any{
		Attach, GlobalData, Linking, MapDefs, MapInMap, MapTypes, Metadata, NUMA, Pinning, Rights, StructOps, Token,
		XDPChain, XDPHints,
	} {
		fields := reflect.ValueOf(catalogue)
		for i := range fields.NumField() {
			switch o := fields.Field(i).Interface().(type) {
			case Object:
				all = append(all, o)
			case Ways:
				all = append(all, o.BTF, o.Legacy, o.IPRoute2, o.Callback)
			default:
				t.Fatalf("a catalogue holds a %T", o)
			}
		}
	}
	return all
}

func TestEveryObjectIsEmbeddedAndIsBPF(t *testing.T) {
	for _, o := range append(every(t), ForeignOrder) {
		f, err := elf.NewFile(bytes.NewReader(o.ELF()))
		if err != nil {
			t.Errorf("%s: %v", o, err)
			continue
		}
		if f.Machine != elf.EM_BPF || f.Type != elf.ET_REL {
			t.Errorf("%s is %v %v, want a relocatable BPF object", o, f.Machine, f.Type)
		}
		for _, s := range f.Sections {
			if strings.HasPrefix(s.Name, ".debug") {
				t.Errorf("%s has section %s", o, s.Name)
			}
		}
	}
}

func TestForeignOrderIsTheOtherByteOrder(t *testing.T) {
	native, err := elf.NewFile(bytes.NewReader(MapDefs.Counter.ELF()))
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := elf.NewFile(bytes.NewReader(ForeignOrder.ELF()))
	if err != nil {
		t.Fatal(err)
	}
	if native.Data == foreign.Data {
		t.Errorf("both are %v", native.Data)
	}
}

func TestEveryEmbeddedObjectIsInTheCatalogue(t *testing.T) {
	var catalogued []string
	for _, o := range every(t) {
		catalogued = append(catalogued, path.Join(o.folder, nativeOrder, o.name+".o"))
	}
	slices.Sort(catalogued)
	var present []string
	err := fs.WalkDir(builds, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			present = append(present, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(present, catalogued); diff != "" {
		t.Errorf("embedded (-), in the catalogue (+):\n%s", diff)
	}
}

func TestEveryMapTypeOfTheCatalogueIsDescribed(t *testing.T) {
	var described, catalogued []string
	for _, m := range EveryMapType {
		described = append(described, m.Name)
	}
	fields := reflect.ValueOf(MapTypes)
	for i := range fields.NumField() {
		catalogued = append(catalogued, fields.Field(i).Interface().(Ways).Name)
	}
	slices.Sort(described)
	slices.Sort(catalogued)
	if diff := cmp.Diff(catalogued, described); diff != "" {
		t.Errorf("in the catalogue (-), in EveryMapType (+):\n%s", diff)
	}
}

// TestObjectsAreBuiltFromTheirSources needs no compiler: it compares the digests in objects.sum
// with the files. objects/build -check compiles.
func TestObjectsAreBuiltFromTheirSources(t *testing.T) {
	sum, err := os.ReadFile("objects.sum")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for line := range strings.Lines(string(sum)) {
		digest, rest, found := strings.Cut(strings.TrimSpace(line), "  ")
		if found {
			name, _, _ := strings.Cut(rest, "  ") // a recipe follows
			want[name] = digest
		}
	}
	got := map[string]string{}
	for _, pattern := range []string{"*/*.[ch]", "*/el/*.o", "*/eb/*.o"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			contents, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			got[filepath.ToSlash(name)] = fmt.Sprintf("%x", sha256.Sum256(contents))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("run make objects: objects.sum (-) and the files (+) differ:\n%s", diff)
	}
}

func TestNameTellsEditsAndFitsAFileName(t *testing.T) {
	o := MapDefs.Plain.With(elfedit.DropSection(".BTF"), elfedit.NamelessSymbol("m"))
	if got, want := o.Name(), "plain-drop-section-btf-take-the-name-of-symbol-m"; got != want {
		t.Errorf("name is %q, want %q", got, want)
	}
}

func TestSourceAndNameForPeople(t *testing.T) {
	for want, o := range map[string]Object{
		"objects/mapdefs/counter.bpf.c":                          MapDefs.Counter,
		"objects/mapdefs/field.bpf.c (plain), drop section .BTF": MapDefs.Plain.With(elfedit.DropSection(".BTF")),
		"objects/maptypes/stores.bpf.c (hash.legacy)":            MapTypes.Hash.Legacy,
	} {
		if got := o.String(); got != want {
			t.Errorf("string is %q, want %q", got, want)
		}
		if _, err := os.Stat(filepath.Join("..", o.Source())); err != nil {
			t.Errorf("source of %s: %v", o, err)
		}
	}
}

func TestWithLeavesTheObjectAlone(t *testing.T) {
	before := MapDefs.Plain.ELF()
	MapDefs.Plain.With(elfedit.DropSection(".BTF")).ELF()
	if !bytes.Equal(before, MapDefs.Plain.ELF()) {
		t.Error("an edit changed the object it was made of")
	}
}

func TestEditThatDoesNotFitPanicsByName(t *testing.T) {
	defer func() {
		if got, want := fmt.Sprint(recover()), "objects: plain: drop symbol missing: no symbol missing"; got != want {
			t.Errorf("panic is %q, want %q", got, want)
		}
	}()
	MapDefs.Plain.With(elfedit.DropSymbol("missing")).ELF()
}
