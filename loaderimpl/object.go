// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/code"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/externs"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/mapdef"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// Options change how an object is read.
type Options struct {
	// Name of the object, which becomes part of the kernel's names for its global data. The default
	// is the file's name up to its first dot.
	Name string

	// IgnoreUnknownFields accepts map definitions with fields that this package does not know, and
	// reports them in Definition.Unknown. It does not make up for a known field with an unknown
	// value.
	IgnoreUnknownFields bool

	// MapLayout names the struct that the maps of section maps are defined by: bpf_map_def (type,
	// key_size, value_size, max_entries, map_flags: libbpf 0.x), bpf_elf_map (the same five, id,
	// pinning, inner_id, inner_idx: iproute2) or bpf_load_map_def (the same five, inner_map_idx,
	// numa_node: the kernel's samples up to Linux 5.10). The section itself does not say which, and
	// what comes after the five means something else in each. All maps of an object's section have
	// one layout, or they are refused. By default it is
	//
	//   - what BTF says of the struct, where it lists the section's variables: its name, if that is
	//     one of the three, or bpf_map_def_legacy, as programs call bpf_load_map_def; else
	//     bpf_elf_map if it has the members that only iproute2 calls so (size_key, size_value,
	//     max_elem), as programs have that declare the struct where they use it; else bpf_map_def,
	//     whose tail has to be zero; else
	//   - bpf_elf_map if each definition has exactly its 36 bytes, which is how iproute2's objects
	//     were compiled before compilers wrote BTF; else
	//   - bpf_map_def.
	//
	// So the structs of the samples are read in objects with BTF only, unless it is asked for:
	// without their names they look like a bpf_map_def with a tail. Where the rule is wrong, the
	// tail is not zero in nearly all cases, and the object is refused.
	MapLayout string

	// MetadataSection makes read-only data of section .metadata, bound to every program as .rodata
	// is. It is this package's own: other loaders leave that section alone, as this one does
	// without the option. See docs/metadata.md.
	MetadataSection bool

	// NameDataBySection gives maps of global data the names of their sections in the kernel, as
	// cilium/ebpf does (.rodata), for tools that look for those. The default is libbpf's rule, with
	// the object's name in front (counter.rodata).
	NameDataBySection bool

	// PinRoot is the folder, on a bpffs, for maps that ask to be pinned by name.
	PinRoot string

	// PinPolicy says what to do about what is pinned already where a map is to be pinned.
	PinPolicy PinPolicy

	// Iproute2 says where to pin the maps that struct bpf_elf_map asks to be pinned.
	Iproute2 Iproute2Options

	// Kconfig gives values of the kernel's configuration (__kconfig externs), in the lines of a
	// .config: CONFIG_HZ=250. They are used in place of the running kernel's. Of several lines for
	// one option the first counts. The running kernel is asked for those that are missing only.
	Kconfig string

	// MapHandlers are asked about map definitions, and ProgramHandlers about the sections of
	// programs. There is at most one for a section.
	MapHandlers     []MapHandler
	ProgramHandlers []ProgramHandler
}

// An Object holds a compiled BPF object, read and checked. Nothing of it is in the kernel before
// [Object.Load]. It is not safe for use by several goroutines at once; clones of it are, one each.
type Object struct {
	name      string
	pinRoot   string
	pinTree   *pinTree
	pinPolicy PinPolicy
	bySection bool // global data is named in the kernel by its section alone
	file      *objfile.File
	types     *typeinfo.Types // nil where the object has no BTF
	ext       *typeinfo.Ext
	maps      []*Map
	programs  []*Program
	functions []code.Function
	externs   *externs.List
	config    *externs.Config // values of options that the caller gave
	license   string
	version   uint32
	loaded    bool // a load was attempted
	options   Options
}

// Open reads an object file. It makes no system call but to read the file, and what it returns
// depends on the file and the options only.
//
// Several paths mean several objects, which are linked into one in memory, as [Link] does. Its name
// is the first one's by default.
//
// Errors are of type *[Error], and have a [Class].
func Open(paths []string, opts Options) (*Object, error) {
	name := opts.Name
	if name == "" && len(paths) > 0 {
		name = objectName(paths[0])
	}
	var data []byte
	var err error
	if len(paths) == 1 {
		data, err = readObject(paths[0])
		err = refuse.At(refuse.StageOpen, "", "", err)
	} else {
		data, err = link(paths)
	}
	if err != nil {
		return nil, export(name, err)
	}
	opts.Name = name
	return OpenBytes(data, opts)
}

// objectName returns the name of a file up to its first dot, as in libbpf (bpf_object__new).
func objectName(path string) string {
	name, _, _ := strings.Cut(filepath.Base(path), ".")
	return name
}

// readObject reads a regular file that is not too large.
func readObject(path string) ([]byte, error) {
	// A FIFO would wait here for who writes to it.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", refuse.ErrRead, err)
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", refuse.ErrRead, err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a regular file: %w", path, refuse.ErrRead)
	case info.Size() > objfile.MaxSize:
		return nil, fmt.Errorf("%d bytes, at most %d: %w", info.Size(), objfile.MaxSize,
			refuse.ErrTooLarge)
	}
	data := make([]byte, info.Size())
	if _, err := io.ReadFull(f, data); err != nil {
		return nil, fmt.Errorf("%w: %w", refuse.ErrRead, err)
	}
	return data, nil
}

// OpenBytes opens an object in memory, like [Open]. The object keeps data, which must not be
// changed.
func OpenBytes(data []byte, opts Options) (*Object, error) {
	o := &Object{name: opts.Name, pinRoot: opts.PinRoot, pinPolicy: opts.PinPolicy,
		bySection: opts.NameDataBySection, options: opts}
	if err := o.open(data, opts); err != nil {
		return nil, export(o.name, err)
	}
	return o, nil
}

// open does the pure part of a load: bytes, types, functions, definitions, references.
func (o *Object) open(data []byte, opts Options) (err error) {
	if len(data) > objfile.MaxSize {
		return refuse.At(refuse.StageOpen, "", "", fmt.Errorf("%d bytes, at most %d: %w", len(data),
			objfile.MaxSize, refuse.ErrTooLarge))
	}
	layout, handlers := mapdef.Layout(opts.MapLayout), internalHandlers(opts.MapHandlers)
	err = errors.Join(layout.Check(), mapdef.CheckHandlers(handlers),
		checkProgramHandlers(opts.ProgramHandlers))
	if err != nil {
		return refuse.At(refuse.StageOpen, "", "", err)
	}
	if o.pinTree, err = newPinTree(data, &opts.Iproute2); err != nil {
		return refuse.At(refuse.StageOpen, "", "", err)
	}
	if o.file, err = objfile.Parse(data); err != nil {
		return refuse.At(refuse.StageOpen, "", "", err)
	}
	if err := refuseSections(o.file); err != nil {
		return err
	}
	if o.types, err = typeinfo.Parse(o.file); err != nil {
		return refuse.At(refuse.StageOpen, typeinfo.Section, "", err)
	}
	if o.ext, err = typeinfo.ParseExt(o.file, o.types); err != nil {
		return refuse.At(refuse.StageOpen, typeinfo.ExtSection, "", err)
	}
	if err := o.readHeader(); err != nil {
		return err
	}
	if o.functions, err = code.Functions(o.file); err != nil {
		return err
	}
	if err := o.findPrograms(opts.ProgramHandlers); err != nil {
		return err
	}
	defs, err := mapdef.Find(&mapdef.Input{
		File: o.file, Types: o.types, IgnoreUnknown: opts.IgnoreUnknownFields, Layout: layout,
		Handlers: handlers, Metadata: opts.MetadataSection,
	})
	if err != nil {
		return err
	}
	if defs, err = o.findExterns(defs, opts.Kconfig); err != nil {
		return err
	}
	o.maps = make([]*Map, 0, len(defs))
	for _, d := range defs {
		o.maps = append(o.maps, newMap(o, d))
	}
	if err := o.findTailCalls(); err != nil {
		return err
	}
	if err := o.resolve(defs); err != nil {
		return err
	}
	return o.setUp()
}

// resolve finds what instructions and values refer to.
func (o *Object) resolve(defs []*mapdef.Definition) error {
	if err := code.Resolve(o.file, o.functions, defs, o.externs); err != nil {
		return err
	}
	err := mapdef.CheckSlots(defs, func(name string) bool { return o.Program(name) != nil })
	if err != nil {
		return err
	}
	return mapdef.CheckFunctions(defs, func(name string) bool {
		p := o.Program(name)
		return p != nil && p.kind.Type == ebpf.StructOps
	})
}

// refuseSections refuses what would have to be set up and cannot be, yet.
func refuseSections(f *objfile.File) error {
	for i := range f.Sections {
		switch name := f.Sections[i].Name; strings.TrimPrefix(name, "?") {
		case ".jumptables":
			return refuse.At(refuse.StageOpen, name, "", refuse.ErrSection)
		}
	}
	return nil
}

// readHeader reads the object's licence, and the kernel version that kprobes had to name before
// Linux 5.0.
func (o *Object) readHeader() error {
	const longest = 128 // bytes that the kernel reads of a licence (bpf_prog_load)
	if s := o.file.Named("license"); s != nil {
		license, _, _ := strings.Cut(string(s.Data[:min(len(s.Data), longest)]), "\x00")
		o.license = license
	}
	if s := o.file.Named("version"); s != nil {
		if len(s.Data) != 4 {
			return refuse.At(refuse.StageOpen, s.Name, "",
				fmt.Errorf("%d bytes, want 4: %w", len(s.Data), refuse.ErrELF))
		}
		o.version = o.file.Order.Uint32(s.Data)
	}
	return nil
}

// ByteOrder returns the byte order that the object was compiled for.
func (o *Object) ByteOrder() binary.ByteOrder { return o.file.Order }

// Types returns the object's types, in which callers can look up the ids in definitions. It is nil
// for an object without BTF. Lists of variables in it have the offsets that the compiler left
// there; those of the symbols are in no type.
func (o *Object) Types() (*btf.Spec, error) {
	spec, err := typeinfo.Spec(o.file, o.types)
	return spec, export(o.name, err)
}

// Maps returns the object's maps in the order of their definitions, which is libbpf's: section
// maps, section .maps, sections that handlers read, each in the order of offsets, then global data
// in the order of sections, values of the kernel's configuration, and structures that the kernel
// calls.
func (o *Object) Maps() []*Map { return o.maps }

// Map returns the map of that name, or nil.
func (o *Object) Map(name string) *Map {
	for _, m := range o.maps {
		if m.def.Name == name {
			return m
		}
	}
	return nil
}

// Programs returns the object's programs, in the order of sections and offsets.
func (o *Object) Programs() []*Program { return o.programs }

// Program returns the program of that name, or nil.
func (o *Object) Program(name string) *Program {
	for _, p := range o.programs {
		if p.name == name {
			return p
		}
	}
	return nil
}

// Clone returns an object that can be loaded beside this one, or again after it. It starts with the
// settings of this object's maps, programs and variables, and the two change apart from then on.
// What handlers set up is copied, and they are not asked again.
//
// A load that could be repeated on one object would leave open which load a later change is for;
// with a clone per load each change has one. Clones share what never changes, the bytes and what
// was read from them, so that a clone costs little, and each may be used in a goroutine of its own.
func (o *Object) Clone() *Object {
	c := *o
	c.loaded = false
	definitions := make(map[*mapdef.Definition]*mapdef.Definition, len(o.maps))
	c.maps = make([]*Map, len(o.maps))
	for i, m := range o.maps {
		own, definition := *m, *m.def
		own.object, own.def = &c, &definition
		if m.ownValue {
			own.value = bytes.Clone(m.value)
		}
		definitions[m.def], c.maps[i] = &definition, &own
	}
	for _, m := range c.maps {
		switch inner := m.def.Inner; {
		case inner == nil:
		case definitions[inner] != nil: // the definition of another map of the object
			m.def.Inner = definitions[inner]
		default:
			own := *inner
			m.def.Inner = &own
		}
	}
	c.programs = make([]*Program, len(o.programs))
	for i, p := range o.programs {
		own := *p
		own.object = &c
		if p.kindOfCaller {
			own.kind, own.kindOfCaller = ProgramKind{}, false
		}
		c.programs[i] = &own
	}
	return &c
}

// change changes something of the object, unless it was loaded.
func (o *Object) change(name string, f func() error) error {
	if o.loaded {
		return export(o.name, refuse.At(refuse.StageOpen, "", name, refuse.ErrLoaded))
	}
	return export(o.name, refuse.At(refuse.StageOpen, "", name, f()))
}
