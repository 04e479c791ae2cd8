// SPDX-License-Identifier: Apache-2.0

package inkernel

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"strings"
	"testing"
)

// section holds one section of a module, with its bytes.
type section struct {
	name    string
	typ     elf.SectionType
	info    uint32 // the section that relocations are for, or the first symbol that is not local
	link    uint32
	entsize uint64
	data    []byte
}

// module writes a relocatable x86-64 file. Its sections are numbered from 1.
func module(sections ...section) []byte {
	var names, body bytes.Buffer
	names.WriteByte(0)
	headers := []elf.Section64{{}}
	const start = 64
	for _, s := range append(sections, section{name: ".shstrtab", typ: elf.SHT_STRTAB}) {
		name := uint32(names.Len())
		names.WriteString(s.name + "\x00")
		if s.name == ".shstrtab" {
			s.data = names.Bytes()
		}
		headers = append(headers, elf.Section64{
			Name: name, Type: uint32(s.typ), Off: start + uint64(body.Len()),
			Size: uint64(len(s.data)), Link: s.link, Info: s.info, Entsize: s.entsize,
		})
		body.Write(s.data)
	}
	var file bytes.Buffer
	write := func(v any) {
		if err := binary.Write(&file, binary.LittleEndian, v); err != nil {
			panic(err)
		}
	}
	write(elf.Header64{
		Ident: [elf.EI_NIDENT]byte{
			0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT),
		},
		Type: uint16(elf.ET_REL), Machine: uint16(elf.EM_X86_64), Version: uint32(elf.EV_CURRENT),
		Ehsize: 64,
		Shoff:  start + uint64(body.Len()), Shentsize: 64, Shnum: uint16(len(headers)),
		Shstrndx: uint16(len(headers) - 1),
	})
	file.Write(body.Bytes())
	for _, h := range headers {
		write(h)
	}
	return file.Bytes()
}

// withInit returns a module whose init function is text, at offset 16 of its section, with
// relocations at those offsets of the section.
func withInit(symbol string, text []byte, relocations map[uint64]elf.R_X86_64) []byte {
	var symtab, rela bytes.Buffer
	write := func(b *bytes.Buffer, v any) {
		if err := binary.Write(b, binary.LittleEndian, v); err != nil {
			panic(err)
		}
	}
	write(&symtab, elf.Sym64{})
	write(&symtab,
		elf.Sym64{Name: 1, Info: byte(elf.STB_GLOBAL)<<4 | byte(elf.STT_FUNC), Shndx: 1, Value: 16})
	for at, typ := range relocations {
		write(&rela, elf.Rela64{Off: at, Info: uint64(typ)})
	}
	return module(
		section{name: ".init.text", typ: elf.SHT_PROGBITS, data: append(make([]byte, 16), text...)},
		section{
			name: ".symtab", typ: elf.SHT_SYMTAB, link: 3, info: 1, entsize: elf.Sym64Size,
			data: symtab.Bytes(),
		},
		section{name: ".strtab", typ: elf.SHT_STRTAB, data: []byte("\x00" + symbol + "\x00")},
		section{
			name: ".rela.init.text", typ: elf.SHT_RELA, link: 2, info: 1, entsize: 24,
			data: rela.Bytes(),
		},
	)
}

func TestRoomForCode(t *testing.T) {
	endbr, call := []byte{0xf3, 0x0f, 0x1e, 0xfa}, []byte{0xe8, 0, 0, 0, 0}
	rest := bytes.Repeat([]byte{0x90}, 16)
	const inFile = 64 + 16 // the first section follows the header, and the function is at 16
	for _, tc := range []struct {
		name        string
		symbol      string
		text        []byte
		relocations map[uint64]elf.R_X86_64
		want        uint64 // offset of the code in the file
		undone      int    // relocations that do nothing any more
		err         string
	}{
		{name: "plain", text: rest, want: inFile},
		{name: "behind endbr64", text: append(endbr, rest...), want: inFile + 4},
		{name: "behind ftrace's call", text: append(call, rest...), want: inFile + 5, relocations: map[uint64]elf.R_X86_64{17: elf.R_X86_64_PLT32}},
		{name: "before a relocation", text: rest, want: inFile, relocations: map[uint64]elf.R_X86_64{20: elf.R_X86_64_PC32}},
		{name: "in a relocation", text: rest, want: inFile, relocations: map[uint64]elf.R_X86_64{19: elf.R_X86_64_PC32}, undone: 1},
		{name: "at the end of a wide relocation", text: rest, want: inFile, relocations: map[uint64]elf.R_X86_64{9: elf.R_X86_64_64}, undone: 1},
		{name: "too short", text: rest[:3], err: "init_module is too short"},
		{name: "no init function", symbol: "exit_module", text: rest, err: "no init_module"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.symbol == "" {
				tc.symbol = "init_module"
			}
			module := withInit(tc.symbol, tc.text, tc.relocations)
			err := putCode(module, NullWrite)
			if tc.err != "" {
				if err == nil || err.Error() != tc.err {
					t.Errorf("error %v, want %s", err, tc.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := bytes.Index(module, NullWrite); uint64(got) != tc.want {
				t.Errorf("at %d, want %d", got, tc.want)
			}
			if got := undone(t, module); got != tc.undone {
				t.Errorf("%d relocations do nothing, want %d", got, tc.undone)
			}
		})
	}
}

// undone counts a module's relocations of type NONE.
func undone(t *testing.T, module []byte) int {
	t.Helper()
	f, err := elf.NewFile(bytes.NewReader(module))
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, s := range f.Sections {
		if s.Type != elf.SHT_RELA {
			continue
		}
		data, err := s.Data()
		if err != nil {
			t.Fatal(err)
		}
		for ; len(data) >= 24; data = data[24:] {
			if elf.R_X86_64(uint32(f.ByteOrder.Uint64(data[8:]))) == elf.R_X86_64_NONE {
				count++
			}
		}
	}
	return count
}

func TestNoRoomInWhatIsNoModule(t *testing.T) {
	if err := putCode([]byte("no ELF"), NullWrite); err == nil {
		t.Error("found room")
	}
}

func TestSignatureIsCutOff(t *testing.T) {
	const marker = "~Module signature appended~\n"
	signed := func(size uint32) string {
		return "body" + "sig" + strings.Repeat("\x00",
			8) + string(binary.BigEndian.AppendUint32(nil, size)) + marker
	}
	for name, tc := range map[string]struct{ module, want string }{
		"signed":                      {signed(3), "body"},
		"not signed":                  {"body", "body"},
		"a size beyond the module":    {signed(1 << 31), signed(1 << 31)},
		"a marker and nothing before": {marker, marker},
	} {
		if got := string(withoutSignature([]byte(tc.module))); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}
