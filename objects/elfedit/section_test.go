// SPDX-License-Identifier: Apache-2.0

package elfedit_test

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"

	. "github.com/loadstone-bpf/loadstone/objects/elfedit"
)

// headers returns the file's header and those of its sections, by name, of the object in both byte
// orders.
func headers(t *testing.T, raw []byte) (elf.Header64, map[string]elf.Section64) {
	t.Helper()
	var order binary.ByteOrder = binary.LittleEndian
	if elf.Data(raw[elf.EI_DATA]) == elf.ELFDATA2MSB {
		order = binary.BigEndian
	}
	var file elf.Header64
	if _, err := binary.Decode(raw, order, &file); err != nil {
		t.Fatal(err)
	}
	all := make([]elf.Section64, 16)
	for i := range all {
		at := file.Shoff + uint64(i)*64
		if at >= uint64(len(raw)) {
			all = all[:i]
			break
		}
		if _, err := binary.Decode(raw[at:], order, &all[i]); err != nil {
			t.Fatal(err)
		}
	}
	// The good object has the names of sections in section 1.
	names := raw[all[1].Off:]
	sections := map[string]elf.Section64{}
	for _, s := range all {
		name, _, _ := bytes.Cut(names[s.Name:], []byte{0})
		sections[string(name)] = s
	}
	return file, sections
}

func TestHeaderSaysWhatItIsTold(t *testing.T) {
	for _, tc := range []struct {
		edit Edit
		want func(file *elf.Header64, sections map[string]elf.Section64)
	}{
		{SectionFlags("xdp", elf.SHF_ALLOC), onSection("xdp", func(s *elf.Section64) { s.Flags = uint64(elf.SHF_ALLOC) })},
		{SectionEntrySize(".relxdp", 24), onSection(".relxdp", func(s *elf.Section64) { s.Entsize = 24 })},
		{SectionAlignment("xdp", 3), onSection("xdp", func(s *elf.Section64) { s.Addralign = 3 })},
		{SectionInfo(".relxdp", 99), onSection(".relxdp", func(s *elf.Section64) { s.Info = 99 })},
		{SectionLink(".relxdp", 7), onSection(".relxdp", func(s *elf.Section64) { s.Link = 7 })},
		{SectionCount(3), func(file *elf.Header64, _ map[string]elf.Section64) { file.Shnum = 3 }},
		{SectionNames(500), func(file *elf.Header64, _ map[string]elf.Section64) { file.Shstrndx = 500 }},
		{SectionHeaderSize(32), func(file *elf.Header64, _ map[string]elf.Section64) { file.Shentsize = 32 }},
	} {
		for _, order := range []string{"el", "eb"} {
			t.Run(tc.edit.String()+"/"+order, func(t *testing.T) {
				laidOut, err := Apply(object(t, order), GrowSection(".maps", 0))
				if err != nil {
					t.Fatal(err)
				}
				file, sections := headers(t, laidOut)
				tc.want(&file, sections)
				edited, err := Apply(laidOut, tc.edit)
				if err != nil {
					t.Fatal(err)
				}
				gotFile, got := headers(t, edited)
				if diff := cmp.Diff(file, gotFile); diff != "" {
					t.Errorf("header: want (-), is (+):\n%s", diff)
				}
				if diff := cmp.Diff(sections, got); diff != "" {
					t.Errorf("sections: want (-), is (+):\n%s", diff)
				}
			})
		}
	}
}

func onSection(name string, change func(*elf.Section64)) func(*elf.Header64, map[string]elf.Section64) {
	return func(_ *elf.Header64, sections map[string]elf.Section64) {
		s := sections[name]
		change(&s)
		sections[name] = s
	}
}

// TestCompressedSectionIsReadAsItWas asks debug/elf, which uncompresses what the flag says.
func TestCompressedSectionIsReadAsItWas(t *testing.T) {
	for _, order := range []string{"el", "eb"} {
		raw := object(t, order)
		was := btfOf(t, raw)
		compressed, err := Apply(raw, CompressSection(".BTF"))
		if err != nil {
			t.Fatal(err)
		}
		f, err := elf.NewFile(bytes.NewReader(compressed))
		if err != nil {
			t.Fatal(err)
		}
		if s := f.Section(".BTF"); s.Flags&elf.SHF_COMPRESSED == 0 || s.FileSize >= s.Size {
			t.Errorf("%s: flags %v, %d bytes of %d", order, s.Flags, s.FileSize, s.Size)
		}
		if !bytes.Equal(btfOf(t, compressed), was) {
			t.Errorf("%s: is not what it was", order)
		}
	}
}

func TestBytesOfASectionAreSet(t *testing.T) {
	raw, err := Apply(object(t, "el"), SetBytes("license", 1, 'X', 'Y'))
	if err != nil {
		t.Fatal(err)
	}
	f, err := elf.NewFile(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	data, err := f.Section("license").Data()
	if err != nil {
		t.Fatal(err)
	}
	if want := "DXYl BSD/GPL\x00"; string(data) != want {
		t.Errorf("license is %q, want %q", data, want)
	}
}

func TestRelocationIsOfAnotherType(t *testing.T) {
	for _, order := range []string{"el", "eb"} {
		raw, err := Apply(object(t, order), RelocType("xdp", 0, 2))
		if err != nil {
			t.Fatal(err)
		}
		f, err := elf.NewFile(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		data, err := f.Section(".relxdp").Data()
		if err != nil {
			t.Fatal(err)
		}
		if got := elf.R_TYPE64(f.ByteOrder.Uint64(data[8:])); got != 2 {
			t.Errorf("%s: type %d, want 2", order, got)
		}
	}
}

func TestSectionsAndSymbolsAreRenamedAndBound(t *testing.T) {
	for _, order := range []string{"el", "eb"} {
		raw, err := Apply(object(t, order), RenameSection("license", "licence"),
			SymbolBinding("counts", elf.STB_WEAK), SymbolType("counts", elf.STT_TLS))
		if err != nil {
			t.Fatal(err)
		}
		f, err := elf.NewFile(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		if f.Section("license") != nil || f.Section("licence") == nil {
			t.Errorf("%s: section license is not renamed", order)
		}
		symbols, err := f.Symbols()
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range symbols {
			want := elf.ST_INFO(elf.STB_WEAK, elf.STT_TLS)
			if s.Name == "counts" && s.Info != want {
				t.Errorf("%s: info of counts is %#x, want %#x", order, s.Info, want)
			}
		}
	}
}
