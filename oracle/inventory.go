// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

// Inventory lists what exists in the kernel at one moment.
type Inventory struct {
	Maps, Programs, Links, BTF []uint32 // ids, ascending
	Pins                       []string // paths below the bpffs folder, sorted; folders are not pins
}

// Take takes the inventory of the kernel, and of the pins below the folder bpffs unless it is "".
func Take(bpffs string) (Inventory, error) {
	var inv Inventory
	for _, kind := range inOrder {
		all, err := ids(kind)
		if err != nil {
			return Inventory{}, fmt.Errorf("take inventory: %w", err)
		}
		*inv.of(kind) = all
	}
	if bpffs == "" {
		return inv, nil
	}
	var err error
	if inv.Pins, err = Pins(bpffs); err != nil {
		return Inventory{}, fmt.Errorf("take inventory: %w", err)
	}
	return inv, nil
}

// inOrder holds the kinds that have ids, in the order in which an inventory names them.
var inOrder = [...]Kind{KindMap, KindProgram, KindLink, KindBTF}

func (inv *Inventory) of(kind Kind) *[]uint32 {
	switch kind {
	case KindMap:
		return &inv.Maps
	case KindProgram:
		return &inv.Programs
	case KindLink:
		return &inv.Links
	default:
		return &inv.BTF
	}
}

// Beyond returns what inv has and before does not.
func (inv Inventory) Beyond(before Inventory) []Object {
	var beyond []Object
	for _, kind := range inOrder {
		old := *before.of(kind)
		for _, id := range *inv.of(kind) {
			if _, found := slices.BinarySearch(old, id); !found {
				beyond = append(beyond, Object{Kind: kind, ID: id})
			}
		}
	}
	for _, pin := range inv.Pins {
		if !slices.Contains(before.Pins, pin) {
			beyond = append(beyond, Object{Kind: KindPin, Name: pin})
		}
	}
	return beyond
}

// Pins returns the pins below the folder bpffs: paths below it, sorted. Folders and symbolic links
// are not pins.
func Pins(bpffs string) ([]string, error) {
	var all []string
	err := filepath.WalkDir(bpffs, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist) && path != bpffs:
			return nil // gone since its folder was read
		case err != nil:
			return err
		case d.IsDir(), d.Type() == fs.ModeSymlink:
			return nil // iproute2 makes links between its folders; they hold nothing
		}
		rel, err := filepath.Rel(bpffs, path)
		all = append(all, rel)
		return err
	})
	slices.Sort(all)
	return all, err
}

// Describe adds what the kernel knows of an object beside its id. An object that has gone meanwhile
// keeps only its id.
func (o Object) Describe() (Object, error) {
	if o.Kind != KindMap && o.Kind != KindProgram {
		return o, nil
	}
	f, err := open(o.Kind, o.ID)
	if errors.Is(err, ErrNoSuchObject) {
		return o, nil
	}
	if err != nil {
		return o, err
	}
	defer f.Close()
	if o.Kind == KindMap {
		var in bpfMapInfo
		err = info(f, &in)
		o.Name, o.Type = unix.ByteSliceToString(in.name[:]), mapTypeName(in.typ)
		return o, err
	}
	var in bpfProgInfo
	err = info(f, &in)
	o.Name, o.Type = unix.ByteSliceToString(in.name[:]), programTypeName(in.typ)
	return o, err
}

// bpfProgInfo mirrors the start of struct bpf_prog_info of include/uapi/linux/bpf.h. The fields
// that the oracle asks for have names.
type bpfProgInfo struct {
	typ  uint32
	_    uint32    // id
	_    [8]byte   // tag
	_    [2]uint32 // lengths of the instructions, jited and xlated
	_    [2]uint64 // the instructions
	_    uint64    // load_time
	_    [2]uint32 // created_by_uid, nr_map_ids
	_    uint64    // map_ids
	name [16]byte
}
