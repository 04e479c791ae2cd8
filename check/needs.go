// SPDX-License-Identifier: Apache-2.0

package check

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
)

// Needs holds what was read of an object: how much there is in it, and what it needs of a kernel.
// It is read with github.com/cilium/ebpf, which is a loader that is judged: it decides here what
// is probed, and not whether the object loads.
type Needs struct {
	Maps, Programs []string // names, sorted
	Variables      map[string]*ebpf.VariableSpec
	All            []Need
	Pins           bool // maps of it are to be pinned by name
	// Unsized names the maps without max_entries, which the kernel refuses: the program that the
	// object is of sets it before the load.
	Unsized []string
	// Untyped names the programs whose section says no type: the program that the object is of sets
	// one, or leaves them out.
	Untyped []string
	// Attach says how its programs are attached.
	Attach []Attachment
	// Unread says why not all could be read; probes then know less.
	Unread string

	// users names all in the object that need a thing, by its probe: "map events"; "" for what the
	// object as a whole needs.
	users map[string][]string
	order binary.ByteOrder
}

// A Need is one thing that an object needs of a kernel.
type Need struct {
	Probe string // as a guest probes for it: "map_type 27"
	Cause Cause  // of a refusal by a kernel that lacks it
	What  string // in words: "map type RingBuf"
	Who   string // what in the object needs it: "map events"; the first, where several do
}

// read reads what an object needs.
func read(object []byte) Needs {
	var n Needs
	spec, err := ebpf.LoadCollectionSpecFromReader(bytes.NewReader(object))
	if err != nil {
		n.Unread = err.Error()
		spec = &ebpf.CollectionSpec{}
		// What it expects of the kernel stands in its types.
		if spec.Types, err = btf.LoadSpecFromReader(bytes.NewReader(object)); err != nil {
			return n
		}
	}
	n.Variables, n.order = spec.Variables, spec.ByteOrder
	for name, m := range sorted(spec.Maps) {
		n.Pins = n.Pins || m.Pinning == ebpf.PinByName
		n.Maps = append(n.Maps, name)
		if m.MaxEntries == 0 && wantsSize(m.Type) {
			n.Unsized = append(n.Unsized, name)
		}
		n.need(Need{fmt.Sprintf("map_type %d", m.Type), CauseMapType, "map type " + m.Type.String(), "map " + name})
		if m.Type == ebpf.StructOpsMap && m.Value != nil {
			n.need(Need{structOps + m.Value.TypeName(), CauseAttachTarget, "structure " + m.Value.TypeName(), "map " + name})
		}
	}
	for name, p := range sorted(spec.Programs) {
		n.Programs = append(n.Programs, name)
		n.ofProgram(name, p)
	}
	n.Attach = attachments(spec)
	if spec.Types != nil {
		n.ofExterns(spec.Types, strong(object))
	}
	relocated, err := coreRelocations(object, spec.Types)
	if err != nil && n.Unread == "" {
		n.Unread = err.Error()
	}
	if len(relocated) > 0 {
		n.need(Need{"kernel_btf", CauseNoKernelBTF, "types of the kernel (BTF), for CO-RE", ""})
	}
	for _, r := range relocated {
		n.need(r)
	}
	return n
}

// structOps begins the probe for a structure that programs can be registered as: the kernel, or a
// module, has a type for its map's value.
const structOps = "type bpf_struct_ops_"

// wantsSize reports whether the kernel refuses a map of the type without max_entries. Loaders fill
// in those of perf event arrays; storage of sockets and the like has none (EINVAL otherwise:
// bpf_local_storage_map_alloc_check, cgroup_storage_map_alloc), nor has a structure's map.
func wantsSize(t ebpf.MapType) bool {
	return !slices.Contains([]ebpf.MapType{
		ebpf.UnspecifiedMap, ebpf.PerfEventArray, ebpf.SkStorage, ebpf.InodeStorage, ebpf.TaskStorage,
		ebpf.CgroupStorage, ebpf.CGroupStorage, ebpf.PerCPUCGroupStorage, ebpf.StructOpsMap,
	}, t)
}

// sorted goes through a map in the order of its keys.
func sorted[V any](m map[string]V) func(func(string, V) bool) {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return func(yield func(string, V) bool) {
		for _, name := range names {
			if !yield(name, m[name]) {
				return
			}
		}
	}
}

// need adds one thing, unless something needed it before.
func (n *Needs) need(one Need) {
	if n.users == nil {
		n.users = make(map[string][]string)
	}
	n.users[one.Probe] = append(n.users[one.Probe], one.Who)
	if !slices.ContainsFunc(n.All, func(o Need) bool { return o.Probe == one.Probe }) {
		n.All = append(n.All, one)
	}
}

// ofProgram adds what a program needs: its type, the function that it attaches to, its helpers.
func (n *Needs) ofProgram(name string, p *ebpf.ProgramSpec) {
	who := "program " + name
	if p.Type == ebpf.UnspecifiedProgram {
		n.Untyped = append(n.Untyped, name)
		return
	}
	n.need(Need{fmt.Sprintf("program_type %d", p.Type), CauseProgramType, "program type " + p.Type.String(), who})
	if attachesToTypes(p) {
		n.need(Need{"kernel_btf", CauseNoKernelBTF, "types of the kernel (BTF)", who})
		if probe, what := attachTarget(p); probe != "" {
			n.need(Need{probe, CauseAttachTarget, what, who})
		}
	}
	for _, ins := range p.Instructions {
		if ins.IsBuiltinCall() {
			helper := asm.BuiltinFunc(ins.Constant)
			n.need(Need{fmt.Sprintf("helper %d %d", p.Type, ins.Constant), CauseHelper,
				fmt.Sprintf("helper %s in programs of type %s", helperName(helper), p.Type), who})
		}
	}
}

// attachesToTypes reports whether a program says by the kernel's types what it attaches to.
func attachesToTypes(p *ebpf.ProgramSpec) bool {
	return p.Type == ebpf.Tracing && p.AttachTo != "" || p.Type == ebpf.LSM && p.AttachTo != "" ||
		p.Type == ebpf.StructOps
}

// attachTarget returns what in the kernel's types a program attaches to, and how it is probed; ""
// for nothing that is known.
func attachTarget(p *ebpf.ProgramSpec) (probe, what string) {
	switch {
	case p.AttachTo == "" || p.Type != ebpf.Tracing && p.Type != ebpf.LSM:
		return "", ""
	case p.Type == ebpf.LSM:
		return "func bpf_lsm_" + p.AttachTo, "hook " + p.AttachTo
	case p.AttachType == ebpf.AttachTraceIter:
		return "func bpf_iter_" + p.AttachTo, "iterator " + p.AttachTo
	case p.AttachType == ebpf.AttachTraceRawTp:
		return "type btf_trace_" + p.AttachTo, "tracepoint " + p.AttachTo
	}
	return "func " + p.AttachTo, "function " + p.AttachTo
}

// helperName returns the kernel's name of a helper: "bpf_ringbuf_output".
func helperName(f asm.BuiltinFunc) string {
	name := strings.TrimPrefix(f.String(), "Fn")
	var snake strings.Builder
	for i, r := range name {
		if r >= 'A' && r <= 'Z' {
			if i > 0 {
				snake.WriteByte('_')
			}
			r += 'a' - 'A'
		}
		snake.WriteRune(r)
	}
	return "bpf_" + snake.String()
}

// ofExterns adds the externs that have to be there: what the object leaves undefined, by what its
// types say that it is. (Its lists of externs do not do: the library cannot read one with a typed
// variable in it.)
func (n *Needs) ofExterns(types *btf.Spec, strong []string) {
	for _, name := range strong {
		found, err := types.AnyTypesByName(name)
		if err != nil || strings.HasPrefix(name, "LINUX_") {
			continue // none of the kernel's: an object that lacks its other half is refused for that
		}
		_, isFunc := found[0].(*btf.Func)
		_, isVar := found[0].(*btf.Var)
		switch {
		case strings.HasPrefix(name, "CONFIG_"):
			n.need(Need{"kconfig " + name, CauseKconfig,
				"option " + name + " in its configuration", ""})
		case isFunc:
			n.need(Need{"kfunc " + name, CauseKfunc, "function " + name, ""})
		case isVar:
			n.need(Need{"ksym " + name, CauseKsym, "symbol " + name, ""})
		}
	}
}

// strong returns the symbols that an object leaves undefined and cannot do without.
func strong(object []byte) []string {
	file, err := elf.NewFile(bytes.NewReader(object))
	if err != nil {
		return nil
	}
	defer file.Close()
	symbols, err := file.Symbols()
	if err != nil {
		return nil
	}
	var all []string
	for _, s := range symbols {
		if s.Section == elf.SHN_UNDEF && elf.ST_BIND(s.Info) == elf.STB_GLOBAL {
			all = append(all, s.Name)
		}
	}
	slices.Sort(all)
	return all
}
