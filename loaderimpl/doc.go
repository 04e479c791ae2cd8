// SPDX-License-Identifier: Apache-2.0

// Package loaderimpl is loadstone's reference loader for BPF objects: it turns a compiled object into maps and programs in the kernel, or says
// why it does not.
//
//	object, err := loaderimpl.Open([]string{"counter.o"}, loaderimpl.Options{})
//	...
//	object.Map("counts").SetMaxEntries(1024)
//	loaded, err := object.Load(loaderimpl.LoadOptions{})
//	...
//	defer loaded.Close()
//	loaded.Maps["counts"].Lookup(...)
//
// # What it is for
//
// A conformance suite needs a loader that does what every requirement asks, so that nobody can say a requirement cannot be met. This is that
// loader. It must not share a mistake with the loaders it is held against, so it reads ELF, BTF and map definitions itself, and makes its own
// calls to bpf(2). It leaves CO-RE to github.com/cilium/ebpf, and hands out that library's maps and programs.
//
// Two rules decide what it does where loaders differ. Refusing is fine, pretending is not: what is not understood or cannot be done is an
// error that says what to do, and not something that is skipped. And opening is pure: [Open] makes no system call but to read the file, so an
// object means the same on every machine; what depends on the machine happens in [Object.Load].
//
// # The story of a load
//
// A load is a story in stages. The packages below, and the files here, read best in this order; each imports only what stands before it.
//
//	internal/refuse             everything that can go wrong
//	internal/objfile  open      bytes to sections and symbols; nothing behind it checks an offset again
//	internal/typeinfo           types where they stand, variables with their symbols, what BTF says of instructions; types to the kernel
//	internal/sys                the calls to bpf(2), and what the kernel tells to programs only
//	internal/mapdef   define    sections to map definitions: one Definition, whoever wrote it
//	internal/code     resolve   code to functions, instructions to what they refer to, section names to kinds of programs
//
//	object.go                   all of this, in order: [Open]
//	definition.go, map.go       what callers read, and may change before the load
//	program.go
//	handler_map.go              what handlers of the caller's know
//	handler_program.go
//	tailcall.go                 iproute2's sections of tail calls
//	load.go           load      the rest, in order: [Object.Load]; undo.go takes it back
//	types.go                    types to the kernel
//	want.go           create    definitions to what is wanted of this kernel: one value per map, for all that follows
//	create.go                   to maps, with contents; create_map.go makes one map without an object
//	differ.go                   what is there to what is wanted
//	pin.go            pin       maps to and from bpffs
//	pin_iproute2.go               where iproute2 has them
//	program_load.go   load      programs to the kernel
//	core.go                       instructions to this kernel's types
//	program_array.go            programs to the maps that hold them
//	error.go                    the errors
//
// That opening is pure is a fact of the compiler: what opens an object cannot import package sys, and a test of imports holds it to no other way.
//
// # What it decides
//
// Where loaders differ, or their rules are not written down, it does this:
//
//   - A NUMA node that is named is meant. numa_node in a definition, or [Map.SetNumaNode], brings BPF_F_NUMA_NODE along, which the kernel
//     wants and libbpf leaves to the programmer: without it the node would be ignored in silence.
//   - Unknown fields are refused, or, with [Options.IgnoreUnknownFields], reported in [Definition.Unknown] with their types and bytes. Known
//     fields with unknown values are refused in any case.
//   - Section maps holds structs of one layout: iproute2's bpf_elf_map, bpf_load_map_def of the kernel's samples, or bpf_map_def. Which is said
//     by the caller, or by the name or the members of the struct in BTF, or, without BTF, by the size: see [MapLayout]. It is not guessed from what the fields
//     hold. bpf_elf_map and bpf_load_map_def go by the rules of their loaders, but for what follows.
//   - Where iproute2 goes on with something else than was asked for, this package refuses: a pinning id that the table does not have, a section
//     of tail calls into a map that is not there, two maps or programs for one element, an inner_id on a map that holds no maps, a reserved id
//     in the table. inner_map_idx on a map that holds no maps is refused too.
//   - numa_node of a bpf_load_map_def counts with BPF_F_NUMA_NODE only: nobody can tell a 0 there from nothing.
//   - A map of maps by inner_id takes the shape of the first map of that id, as it is when it is created, and holds all maps of that id that
//     have an inner_idx. Its elements have 4 bytes, whatever its definition says. If it is pinned, there may be no map of that id: another object
//     has to have made it then.
//   - A program in a section of tail calls is of the kind of the programs that will be loaded with it, which have to be of one kind. Which of
//     them calls it is not looked at.
//   - Loading puts iproute2's programs also into a PROG_ARRAY that was pinned before. If the load fails, what was there is put back.
//   - Pins of iproute2's are in one tree for tc, xdp and ip: the folders of the latter are links to that of the first. Folders are made where
//     they are needed only. Nothing is mounted.
//   - A static map is refused in both sections. libbpf 0.x took static legacy maps, and no loader of today takes static BTF maps.
//   - Bytes in section maps that no symbol names are refused if they are anything but padding, as are bytes in section .maps that no field
//     reads.
//   - Global data is named like libbpf names it in the kernel, and by its section here. It is mapped for user space if another object could
//     name a variable of it. Data that holds pointers is refused, as nobody could fill them in.
//   - An extern that nothing defines is refused when the object is opened, and so are those of the kernel (__kconfig, __ksym), for now.
//   - A map is made without the types of its keys and values only if the kernel refuses them and takes the map without; [Loaded.TypesRefused]
//     says so.
//   - A map that is left out poisons its uses, as in libbpf: a program loads if the verifier finds that they are never reached.
//   - A map that is pinned or given is used if it is what the definition asks for: type, sizes, entries, flags, map_extra, NUMA node, and what
//     the maps in a map of maps look like. Each difference is named, in a [MapDiffersError]. The last two the kernel tells to BPF programs only, so
//     one is loaded to ask it, if the map or its definition names a node or is of maps. If that is not possible, a node is a reason to refuse
//     ([ErrNodeUnknown]); inner maps are left to the kernel, which holds programs and elements to them itself. Names, types and contents are not
//     compared.
//   - A map that is pinned or given keeps what it holds. Slots of a map of maps and initial values of global data are for maps that the load made;
//     so are the programs of a PROG_ARRAY that is none of iproute2's. libbpf leaves the former alone too, and fills a PROG_ARRAY again.
//   - Maps of maps are created after all others, whatever the order in the object; they are filled before they are pinned. A map of maps in a map
//     of maps is refused when the object is opened, be it a circle or not, and so are slots that are out of range.
//   - A name that is pinned is the map's, whole. Names with dots or slashes are refused, as a bpffs takes neither. One folder is made where it is
//     missing, and no more, as in libbpf.
//   - What a handler hands back is read as if there were no handler. What is then understood by nobody is refused.
//   - A failed load leaves nothing that was not there before it, down to pins and the folder made for them. What others pinned in the meantime
//     stays.
//
// It needs Linux 5.10 or later, and the rights to load BPF.
//
// # What is not there yet
//
// Linking of several objects, struct_ops, extension programs, externs of the kernel, binding of unused read-only data, attaching but by handlers.
// What needs them is refused, with an error that wraps a sentinel.
package loaderimpl
