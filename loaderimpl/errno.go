// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/mapdef"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/sys"
)

// What the kernel means by an errno depends on the call, and the kernel's sources say it, not
// strerror. The functions here say it in words, with what to do, a function per call of bpf(2). The
// errno stays in the chain, and so does the class that follows from it.

// hint puts a hint before an error.
func hint(err error, format string, args ...any) error {
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), err)
}

// explainCreate explains BPF_MAP_CREATE (map_create, and the map_alloc of each type).
func explainCreate(err error, a *sys.MapCreateAttr, token *bpfToken) error {
	t := ebpf.MapType(a.MapType)
	switch {
	case errors.Is(err, syscall.EPERM) && token != nil:
		return token.explain(err, sys.GrantForMap(a.MapType), createRights(t)...)
	case errors.Is(err, syscall.EPERM) && sys.MemlockCharged():
		return hint(err, "the kernel charges maps to RLIMIT_MEMLOCK, which this process cannot raise: "+
			"raise it, or give CAP_SYS_RESOURCE")
	case errors.Is(err, syscall.EPERM):
		return explainRights(err, createRights(t)...)
	case errors.Is(err, syscall.E2BIG) && a.MapExtra != 0:
		return hint(err, "the kernel does not know map_extra (%#x), which came with Linux 5.16, or the "+
			"map is too large: leave map_extra out, or make the map smaller", a.MapExtra)
	case errors.Is(err, syscall.E2BIG):
		return hint(err, "%d elements of %d and %d bytes are more than the kernel makes a map of type "+
			"%v of: set a smaller max_entries or value_size", a.MaxEntries, a.KeySize, a.ValueSize, t)
	case errors.Is(err, syscall.ENOMEM):
		return hint(err, "no memory for %d elements of %d and %d bytes: set a smaller max_entries, or "+
			"raise the limit of the cgroup", a.MaxEntries, a.KeySize, a.ValueSize)
	case errors.Is(err, syscall.EINVAL) && a.MaxEntries == 0 && !storage(t):
		return hint(err, "max_entries is 0: the definition leaves it to the caller, who sets it before "+
			"the load (Map.Change)")
	case errors.Is(err, syscall.EINVAL):
		return explainNode(err, a)
	}
	return explainDescriptors(err)
}

// storage reports whether a type of map has no number of entries: the kernel keeps an element with
// something of its own, and takes 0 only (bpf_local_storage_map_alloc_check,
// cgroup_storage_map_alloc).
func storage(t ebpf.MapType) bool {
	switch t {
	case ebpf.SkStorage, ebpf.InodeStorage, ebpf.TaskStorage, ebpf.CGroupStorage,
		ebpf.PerCPUCGroupStorage, ebpf.CgroupStorage, ebpf.StructOpsMap:
		return true
	}
	return false
}

// createRights returns what it takes to make a map (map_create).
func createRights(t ebpf.MapType) []sys.Right {
	switch t {
	case ebpf.DevMap, ebpf.DevMapHash, ebpf.XSKMap, ebpf.SockMap, ebpf.SockHash:
		return []sys.Right{sys.BPF, sys.NetAdmin}
	}
	return []sys.Right{sys.BPF}
}

// explainRights explains EPERM, by the rights that the call takes.
func explainRights(err error, rights ...sys.Right) error {
	lacks, asked := sys.Lacks(rights...)
	if asked != nil {
		lacks = rights
	}
	return hint(err, "%s", missingRights(rights, lacks))
}

// missingRights says what a call takes, and what this process lacks of that.
func missingRights(takes, lacks []sys.Right) string {
	names := func(rights []sys.Right) string {
		var all []string
		for _, r := range rights {
			all = append(all, r.String())
		}
		return strings.Join(all, " and ")
	}
	if len(lacks) == 0 {
		return fmt.Sprintf("it takes %s, which this process has: its user namespace is not the "+
			"initial one and wants a token (LoadOptions.TokenPath), or a security module refuses",
			names(takes))
	}
	return fmt.Sprintf("it takes %s, or CAP_SYS_ADMIN: give the process %s", names(takes), names(lacks))
}

// explainDescriptors explains that no descriptor is left.
func explainDescriptors(err error) error {
	switch {
	case errors.Is(err, syscall.EMFILE):
		return hint(err, "the process has no descriptor left: raise RLIMIT_NOFILE, or close some")
	case errors.Is(err, syscall.ENFILE):
		return hint(err, "the machine has no descriptor left: raise fs.file-max")
	}
	return err
}

// explainFill explains BPF_MAP_UPDATE_ELEM and BPF_MAP_FREEZE, for what a map holds from the start
// (map_update_elem, prog_fd_array_get_ptr, bpf_map_fd_get_ptr, map_freeze).
func explainFill(err error, m *mapLoad) error {
	t := m.def.Type
	switch {
	case errors.Is(err, syscall.EPERM) && m.want.attr.MapFlags&sys.AccessFlags != 0:
		return hint(err, "the definition asks for a descriptor that cannot be written to "+
			"(BPF_F_RDONLY), and for contents: leave one of them out")
	case errors.Is(err, syscall.EPERM):
		return hint(err, "the map cannot be written to: it is frozen, or was given by a descriptor that "+
			"is read-only")
	case errors.Is(err, syscall.EINVAL) && t == ebpf.ProgramArray:
		return hint(err, "the array takes programs of the type of its first one only, which must call "+
			"the same kind of tail calls: give them one type, or remove the array's pin")
	case errors.Is(err, syscall.EINVAL) && mapdef.HoldsMaps(t):
		return hint(err, "the map is not like the template of the map of maps: type, sizes, flags and, "+
			"for an array, max_entries have to be the same")
	case errors.Is(err, syscall.E2BIG):
		return hint(err, "the map has %d elements, from 0", m.want.attr.MaxEntries)
	case errors.Is(err, syscall.EBUSY):
		return hint(err, "the map is mapped writable, or written to, by another process")
	}
	return explainDescriptors(err)
}

// explainLoad explains BPF_PROG_LOAD where the verifier says nothing (bpf_prog_load).
func explainLoad(err error, k ProgramKind, insns int, token *bpfToken) error {
	switch {
	case errors.Is(err, syscall.EPERM) && token != nil:
		return token.explain(err, sys.GrantForProgram(uint32(k.Type), uint32(k.AttachType)),
			loadRights(k.Type)...)
	case errors.Is(err, syscall.EPERM) && sys.MemlockCharged():
		return hint(err, "the kernel charges programs to RLIMIT_MEMLOCK, which this process cannot "+
			"raise: raise it, or give CAP_SYS_RESOURCE")
	case errors.Is(err, syscall.EPERM):
		return explainRights(err, loadRights(k.Type)...)
	case errors.Is(err, syscall.E2BIG):
		return hint(err, "%d instructions, of which the kernel takes 1 to 1000000, and 4096 without "+
			"CAP_BPF; or an attribute that this kernel does not know", insns)
	case errors.Is(err, syscall.EINVAL):
		return hint(err, "the kernel does not know programs of type %v, attach type %v, flags %#x, or "+
			"was built without them", k.Type, k.AttachType, k.Flags)
	case errors.Is(err, syscall.ENOMEM):
		return hint(err, "no memory for %d instructions: raise the limit of the cgroup", insns)
	case errors.Is(err, syscall.EAGAIN):
		return hint(err, "signals keep interrupting the verifier")
	}
	return explainDescriptors(err)
}

// loadRights returns what it takes to load a program (is_net_admin_prog_type,
// is_perfmon_prog_type).
func loadRights(t ebpf.ProgramType) []sys.Right {
	switch t {
	case ebpf.SocketFilter, ebpf.CGroupSKB, ebpf.SkReuseport, ebpf.Syscall:
		return []sys.Right{sys.BPF}
	case ebpf.Kprobe, ebpf.TracePoint, ebpf.PerfEvent, ebpf.RawTracepoint,
		ebpf.RawTracepointWritable, ebpf.Tracing, ebpf.LSM, ebpf.StructOps:
		return []sys.Right{sys.BPF, sys.PerfMon}
	case ebpf.Extension:
		return []sys.Right{sys.BPF, sys.PerfMon, sys.NetAdmin}
	}
	return []sys.Right{sys.BPF, sys.NetAdmin}
}

// explainModuleTypes explains what it takes to open the types of a module (bpf_btf_get_fd_by_id).
func explainModuleTypes(err error) error {
	if errors.Is(err, syscall.EPERM) {
		return explainRights(err, sys.SysAdmin)
	}
	return explainDescriptors(err)
}

// explainPin explains BPF_OBJ_PIN and BPF_OBJ_GET (bpf_obj_do_pin, bpf_obj_do_get, bpf_inode_type).
func explainPin(err error, path string) error {
	switch {
	case errors.Is(err, syscall.EROFS):
		return hint(err, "the bpffs is mounted read-only: mount it again with -o remount,rw")
	case errors.Is(err, syscall.EACCES):
		return hint(err, "%s is no pin, or its permissions or those of a folder above it do not let "+
			"this process at it", path)
	case errors.Is(err, syscall.EPERM):
		return hint(err, "the folder is not on a bpffs, or a security module refuses; without "+
			"CAP_BPF it takes kernel.unprivileged_bpf_disabled to be 0")
	case errors.Is(err, syscall.ENOTDIR):
		return hint(err, "a part of the path is no folder")
	case errors.Is(err, syscall.ELOOP):
		return hint(err, "the path has too many links")
	case errors.Is(err, syscall.EINVAL):
		return hint(err, "what is pinned cannot be opened with the access that is asked for")
	}
	return explainDescriptors(err)
}
