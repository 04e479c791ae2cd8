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

	"github.com/cilium/ebpf/btf"
)

// Options change how an object is read.
type Options struct {
	// Name of the object, which becomes part of the kernel's names for its global data. The default is the file's name up to its first
	// dot.
	Name string

	// IgnoreUnknownFields accepts map definitions with fields that this package does not know, and reports them in Definition.Unknown.
	// It does not make up for a known field with an unknown value.
	IgnoreUnknownFields bool

	// MapLayout is what the structs of section maps are. By default that is found out, by the rule at [MapLayout].
	MapLayout MapLayout

	// PinRoot is the folder, on a bpffs, for maps that ask to be pinned by name.
	PinRoot string

	// PinMount is the mount point of a bpffs for the maps that struct bpf_elf_map asks to be pinned; iproute2's default is /sys/fs/bpf.
	// PinSubdir is the folder there for the part of iproute2 that loads: "tc" (the default), "xdp" or "ip".
	PinMount, PinSubdir string

	// PinIDs are the folders, below PinMount, of the pinning ids that iproute2 does not know by itself: see [ParsePinIDs].
	PinIDs map[uint32]string

	// PinPolicy is what to do about what is pinned already where a map is to be pinned.
	PinPolicy PinPolicy

	// MapHandlers are asked about map definitions, and ProgramHandlers about the sections of programs. There is one for a section at most.
	MapHandlers     []MapHandler
	ProgramHandlers []ProgramHandler
}

// An Object is a compiled BPF object, read and checked. Nothing of it is in the kernel before [Object.Load]. It is not safe for use by
// several goroutines at once.
type Object struct {
	name      string
	pinRoot   string
	pinTree   *pinTree
	pinPolicy PinPolicy
	file      *file
	types     *types // nil where the object has no BTF
	ext       *extInfo
	maps      []*Map
	programs  []*Program
	functions []function
	license   string
	version   uint32
	loaded    bool // a load was attempted
}

// Open reads an object file. It makes no system call but to read the file, and what it returns depends on the file and the options only.
//
// Errors are of type *[Error], and wrap one of this package's sentinels. Several paths mean several objects to be linked into one, which is
// not supported yet: [ErrSeveral].
func Open(paths []string, opts Options) (*Object, error) {
	if len(paths) != 1 {
		return nil, at(StageLink, "", "", fmt.Errorf("%d objects: %w", len(paths), ErrSeveral))
	}
	name := opts.Name
	if name == "" {
		name = objectName(paths[0])
	}
	data, err := readObject(paths[0])
	if err != nil {
		return nil, named(name, at(StageOpen, "", "", err))
	}
	opts.Name = name
	return OpenBytes(data, opts)
}

// objectName is the name of a file up to its first dot, as in libbpf (bpf_object__new).
func objectName(path string) string {
	name, _, _ := strings.Cut(filepath.Base(path), ".")
	return name
}

// readObject reads a regular file that is not too large.
func readObject(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRead, err)
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrRead, err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a regular file: %w", path, ErrRead)
	case info.Size() > maxObject:
		return nil, fmt.Errorf("%d bytes, at most %d: %w", info.Size(), maxObject, ErrTooLarge)
	}
	data := make([]byte, info.Size())
	if _, err := io.ReadFull(f, data); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRead, err)
	}
	return data, nil
}

// OpenBytes is [Open] for an object in memory. The object keeps data, which must not be changed.
func OpenBytes(data []byte, opts Options) (*Object, error) {
	o := &Object{name: opts.Name, pinRoot: opts.PinRoot, pinPolicy: opts.PinPolicy}
	if err := o.open(data, opts); err != nil {
		return nil, named(o.name, err)
	}
	return o, nil
}

// open is the pure part of a load: bytes, types, functions, definitions, references.
func (o *Object) open(data []byte, opts Options) (err error) {
	if len(data) > maxObject {
		return at(StageOpen, "", "", fmt.Errorf("%d bytes, at most %d: %w", len(data), maxObject, ErrTooLarge))
	}
	err = errors.Join(opts.MapLayout.check(), checkMapHandlers(opts.MapHandlers), checkProgramHandlers(opts.ProgramHandlers))
	if err != nil {
		return at(StageOpen, "", "", err)
	}
	if o.pinTree, err = newPinTree(data, &opts); err != nil {
		return at(StageOpen, "", "", err)
	}
	if o.file, err = parseELF(o.name, data); err != nil {
		return at(StageOpen, "", "", err)
	}
	if err := refuseSections(o.file); err != nil {
		return err
	}
	if o.types, err = parseBTF(o.file); err != nil {
		return at(StageOpen, btfSection, "", err)
	}
	if o.ext, err = parseExt(o.file, o.types); err != nil {
		return at(StageOpen, btfExtSection, "", err)
	}
	if err := o.readHeader(); err != nil {
		return err
	}
	if o.functions, err = findFunctions(o.file); err != nil {
		return err
	}
	if err := o.findPrograms(opts.ProgramHandlers); err != nil {
		return err
	}
	defs, err := define(&input{
		file: o.file, types: o.types, relax: opts.IgnoreUnknownFields, layout: opts.MapLayout, handlers: opts.MapHandlers,
	})
	if err != nil {
		return err
	}
	o.maps = make([]*Map, 0, len(defs))
	for _, d := range defs {
		o.maps = append(o.maps, newMap(o, d))
	}
	if err := o.findTailCalls(); err != nil {
		return err
	}
	if err := o.resolve(); err != nil {
		return err
	}
	return o.setUp()
}

// refuseSections refuses what would have to be set up and cannot be, yet.
func refuseSections(f *file) error {
	for i := range f.sections {
		switch name := f.sections[i].name; strings.TrimPrefix(name, "?") {
		case ".struct_ops", ".struct_ops.link", ".addr_space.1", ".percpu", ".jumptables":
			return at(StageOpen, name, "", ErrSection)
		}
	}
	return nil
}

// readHeader reads the object's licence, and the kernel version that kprobes had to name before Linux 5.0.
func (o *Object) readHeader() error {
	const longest = 128 // bytes that the kernel reads of a licence (bpf_prog_load)
	if s := o.file.named("license"); s != nil {
		license, _, _ := strings.Cut(string(s.data[:min(len(s.data), longest)]), "\x00")
		o.license = license
	}
	if s := o.file.named("version"); s != nil {
		if len(s.data) != 4 {
			return at(StageOpen, s.name, "", fmt.Errorf("%d bytes, want 4: %w", len(s.data), ErrELF))
		}
		o.version = o.file.order.Uint32(s.data)
	}
	return nil
}

// named gives an error the name of its object.
func named(object string, err error) error {
	var e *Error
	if errors.As(err, &e) && e.Object == "" {
		e.Object = object
	}
	return err
}

// Name is the object's name.
func (o *Object) Name() string { return o.name }

// License is the object's licence, empty if it names none.
func (o *Object) License() string { return o.license }

// ByteOrder is the byte order that the object was compiled for.
func (o *Object) ByteOrder() binary.ByteOrder { return o.file.order }

// Types are the object's types, for callers who want to look at the types that definitions name by their ids. It is nil for an object without
// BTF. Lists of variables in it have the offsets that the compiler left there; those of the symbols are in no type.
func (o *Object) Types() (*btf.Spec, error) {
	spec, err := specOf(o.file, o.types)
	return spec, named(o.name, err)
}

// specOf are the types of an object in the words of cilium/ebpf.
func specOf(f *file, t *types) (*btf.Spec, error) {
	if t == nil {
		return nil, nil
	}
	spec, err := btf.LoadSpecFromReader(bytes.NewReader(f.named(btfSection).data))
	if err != nil {
		return nil, at(StageOpen, btfSection, "", fmt.Errorf("%w: %w", ErrBTF, err))
	}
	return spec, nil
}

// Maps are the object's maps, in the order of sections and offsets.
func (o *Object) Maps() []*Map { return o.maps }

// Map is the map of that name, or nil.
func (o *Object) Map(name string) *Map {
	for _, m := range o.maps {
		if m.def.Name == name {
			return m
		}
	}
	return nil
}

// Programs are the object's programs, in the order of sections and offsets.
func (o *Object) Programs() []*Program { return o.programs }

// Program is the program of that name, or nil.
func (o *Object) Program(name string) *Program {
	for _, p := range o.programs {
		if p.name == name {
			return p
		}
	}
	return nil
}

// change makes a change to something of the object, if it is not too late.
func (o *Object) change(name string, f func() error) error {
	if o.loaded {
		return named(o.name, at(StageOpen, "", name, ErrLoaded))
	}
	return named(o.name, at(StageOpen, "", name, f()))
}
