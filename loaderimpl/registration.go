// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"syscall"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/mapdef"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/structops"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/sys"
)

// A registrable is a structure of an object that was loaded.
type registrable struct {
	def    *mapdef.Definition
	kernel *ebpf.Map
	fitted *structops.Fitted // nil for a map that was there before, which keeps what it holds
	filled bool              // the map holds the structure
}

// structsOf returns the structures of a load, by their names.
func structsOf(loads []*mapLoad) map[string]*registrable {
	found := make(map[string]*registrable)
	for _, m := range loads {
		if m.def.StructOps == nil || m.kernel == nil {
			continue
		}
		r := &registrable{def: m.def, kernel: m.kernel}
		if m.structure != nil && !m.reused {
			r.fitted = m.structure.fitted
		}
		r.filled = r.fitted == nil
		found[m.def.Name] = r
	}
	return found
}

// A Registration holds a structure of an object that the kernel calls.
type Registration struct {
	object string
	name   string
	in     *registrable
	link   int // descriptor; -1 for a structure that is registered by an update
	linkID uint32
}

// Register has the kernel call a structure of the object, by the name of its variable. One in
// section .struct_ops is registered by an update of its map, which can be done once: when it was
// unregistered, the object has to be loaded again. One in section .struct_ops.link is registered by
// a link, and that any number of times.
//
// Errors are of stage "attach", and wrap the kernel's errno: EINVAL for a structure that lacks a
// function which has to be there, or holds a value that the kernel refuses; EEXIST where another of
// its name is registered. The error is of [ClassNotFound] if the object has no such structure or it
// was left out.
func (l *Loaded) Register(name string) (*Registration, error) {
	r, err := l.register(name)
	return r, export(l.object.name, refuse.At(refuse.StageAttach, "", name, err))
}

func (l *Loaded) register(name string) (*Registration, error) {
	in, err := l.structure(name)
	if err != nil {
		return nil, err
	}
	r := &Registration{object: l.object.name, name: name, in: in, link: -1}
	if !in.def.Linked() {
		if in.filled {
			return nil, refuse.ErrRegistered
		}
		return r, l.fill(in)
	}
	if err := l.fill(in); err != nil {
		return nil, err
	}
	if r.link, err = sys.LinkStructOps(in.kernel.FD()); err != nil {
		return nil, fmt.Errorf("create link: %w", explainRegister(err))
	}
	if r.linkID, err = sys.IDOf(r.link); err != nil {
		return nil, errors.Join(err, sys.Close(r.link))
	}
	return r, nil
}

// structure returns a structure that was loaded.
func (l *Loaded) structure(name string) (*registrable, error) {
	if in := l.structs[name]; in != nil {
		return in, nil
	}
	if m := l.object.Map(name); m != nil && m.def.StructOps == nil {
		return nil, refuse.ErrNoStruct
	} else if m != nil {
		return nil, fmt.Errorf("the structure was left out: %w", refuse.ErrNotLoaded)
	}
	return nil, fmt.Errorf("structures are %s: %w", listed(slices.Sorted(maps.Keys(l.structs))),
		refuse.ErrName)
}

// fill puts a structure in its map, with the descriptors of its programs. If no link registers it,
// this does.
func (l *Loaded) fill(in *registrable) error {
	if in.filled {
		return nil
	}
	value := slices.Clone(in.fitted.Value)
	for _, f := range in.fitted.Functions {
		p := l.Programs[f.Program]
		if p == nil {
			return fmt.Errorf("member %s: program %s: %w", f.Member, f.Program, refuse.ErrNotLoaded)
		}
		l.object.file.Order.PutUint64(value[f.Offset:], uint64(p.FD()))
	}
	if err := in.kernel.Put(uint32(0), value); err != nil {
		return fmt.Errorf("update: %w", explainRegister(err))
	}
	in.filled = true
	return nil
}

// LinkID returns the kernel's id of the link that registers the structure, 0 if none does.
func (r *Registration) LinkID() uint32 { return r.linkID }

// FD returns the descriptor of what keeps the structure registered, for [Pin] and [Unpin]: the
// link, or the map where there is no link. What is pinned stays registered when the registration
// and the load are closed.
func (r *Registration) FD() int {
	if r.linkID != 0 {
		return r.link
	}
	return r.in.kernel.FD()
}

// Update puts a structure of another load, or another one of the same, in the place of the one that
// is registered, without a moment in which there is none: what uses the structure goes on with the
// old one, and what comes later uses the new one. If expected is not nil, it has to be the map of
// the structure that is registered; otherwise the kernel refuses with EPERM, and nothing changes.
//
// The new structure has to be in section .struct_ops.link too, and of the same type. The error is
// of [ClassInvalid] if the old one is registered without a link, and wraps the kernel's errno:
// EOPNOTSUPP for a type that cannot be replaced, ENOLINK after a detach.
func (r *Registration) Update(l *Loaded, name string, expected *ebpf.Map) error {
	err := r.update(l, name, expected)
	return export(l.object.name, refuse.At(refuse.StageAttach, "", name, err))
}

func (r *Registration) update(l *Loaded, name string, expected *ebpf.Map) error {
	in, err := l.structure(name)
	switch {
	case err != nil:
		return err
	case r.link < 0 || !in.def.Linked():
		return refuse.ErrNoLink
	}
	if err := l.fill(in); err != nil {
		return err
	}
	old := -1
	if expected != nil {
		old = expected.FD()
	}
	if err := sys.UpdateLink(r.link, in.kernel.FD(), old); err != nil {
		return fmt.Errorf("update link: %w", explainUpdate(err))
	}
	r.in = in
	return nil
}

// Close unregisters the structure. What uses it goes on using it: the kernel frees the programs
// when the last user is gone. A link that is pinned stays, and the structure stays registered; see
// [Registration.Detach].
func (r *Registration) Close() error {
	if r.link >= 0 {
		link := r.link
		r.link = -1
		return export(r.object, refuse.At(refuse.StageAttach, "", r.name, sys.Close(link)))
	}
	return r.Detach()
}

// Detach unregisters the structure even if its link is pinned. The kernel detaches links of
// structures since Linux 6.11; before that, the error wraps EOPNOTSUPP, and closing the link after
// its pins were removed does it.
func (r *Registration) Detach() error {
	var err error
	switch {
	case r.linkID == 0:
		err = r.in.kernel.Delete(uint32(0))
	case r.link >= 0:
		err = sys.DetachLink(r.link)
	}
	if err != nil {
		err = fmt.Errorf("unregister: %w", explainUnregister(err))
	}
	return export(r.object, refuse.At(refuse.StageAttach, "", r.name, err))
}

// explainRegister explains what the kernel says when it is to register a structure
// (bpf_struct_ops_map_update_elem, bpf_struct_ops_link_create, and the reg of each type).
func explainRegister(err error) error {
	switch {
	case errors.Is(err, syscall.EEXIST):
		return hint(err, "a structure of that name is registered already: unregister it, or name this "+
			"one otherwise")
	case errors.Is(err, syscall.EBUSY):
		return hint(err, "the map was filled before, and cannot be again; or the kernel has room for "+
			"one structure of this type only, and has one")
	case errors.Is(err, syscall.EINVAL):
		return hint(err, "the kernel refuses what the structure holds: a function is missing that has "+
			"to be there, or a member has a value that it does not take")
	case errors.Is(err, syscall.EPERM):
		return explainRights(err, sys.BPF, sys.PerfMon)
	case errors.Is(err, syscall.EOPNOTSUPP):
		return hint(err, "this kernel does not register structures of this type")
	}
	return explainDescriptors(err)
}

// explainUpdate explains BPF_LINK_UPDATE (bpf_struct_ops_map_link_update).
func explainUpdate(err error) error {
	switch {
	case errors.Is(err, syscall.EPERM):
		return hint(err, "the structure that is registered is not the one that was expected")
	case errors.Is(err, syscall.ENOLINK):
		return hint(err, "the link was detached: register the structure again")
	case errors.Is(err, syscall.EOPNOTSUPP):
		return hint(err, "structures of this type cannot be replaced: unregister the old one first")
	case errors.Is(err, syscall.EINVAL):
		return hint(err, "the new structure is of another type, or has another name, than the old one")
	}
	return explainDescriptors(err)
}

// explainUnregister explains BPF_MAP_DELETE_ELEM and BPF_LINK_DETACH of a structure
// (bpf_struct_ops_map_delete_elem).
func explainUnregister(err error) error {
	switch {
	case errors.Is(err, syscall.EINPROGRESS):
		return hint(err, "it was unregistered already, and is freed when its last user is gone")
	case errors.Is(err, ebpf.ErrKeyNotExist):
		return hint(err, "it is not registered")
	}
	return err
}
