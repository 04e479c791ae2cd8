// SPDX-License-Identifier: Apache-2.0

// Package loaderimpl loads BPF objects: it turns a compiled object into maps and programs in the
// kernel, or says why it does not. It is loadstone's reference loader.
//
//	object, err := loaderimpl.Open([]string{"counter.o"}, loaderimpl.Options{})
//	...
//	err = object.Variable("threshold").Set(uint32(7))
//	...
//	loaded, err := object.Load(loaderimpl.LoadOptions{})
//	...
//	defer loaded.Close()
//	counts, err := loaded.Map("counts")
//
// # What a caller needs
//
// [Open] reads an object, or several, which it links into one as [Link] does in a file, and
// [Options] say how: what to do about unknown fields, where to pin maps. Between opening and
// loading, [Map.Change] changes what a map is created with, [Variable.Set] what a variable holds
// from the start, [StructOps.Set] what a structure holds that the kernel calls, [Program.SetKind]
// what a program is for; [Map.UseMap] hands in a map that exists, [Map.SetPin] says where to pin
// one, and maps and programs may be left out. [Object.Clone] is for objects that are loaded more
// than once. [Object.Load] makes everything, or nothing, and [Loaded] holds it; [Loaded.Register]
// has the kernel call a structure. [CreateMap], [Pin], [Unpin] and [OpenPin] do without an object.
//
// A caller with map definitions or program sections of its own reads them in a [MapHandler] or a
// [ProgramHandler].
//
// Errors are of type [*Error], with the stage, the place and what to do. Test for its [Class] with
// [errors.Is]; a [VerifierError] has the verifier's log, and a [MapDiffersError] says in what a
// pinned map is not the one that was defined.
//
// Loading needs Linux 5.10 or later, and the rights to load BPF. A program that stands in the place
// of another's function is loaded for that with [Program.SetTarget], and put there with
// [AttachExtension]. XDP programs go to interfaces with [SetXDP] and [LinkXDP]; package xdpchain
// has several run on one. What else is attached, handlers attach, or package
// github.com/cilium/ebpf/link.
//
// # What it decides
//
// A conformance suite needs a loader that does what every requirement asks, to show that each can
// be met. This one must not share a mistake with the loaders that it is held against, so it reads
// ELF, BTF and map definitions itself, relocates programs to the kernel's types itself (CO-RE), and
// makes its own calls to bpf(2). It hands out maps and programs of github.com/cilium/ebpf.
//
// Two rules decide what it does where loaders differ. Refusing is fine, pretending is not: what it
// does not understand or cannot do is an error, and is not skipped. And opening is pure: [Open]
// makes no system call but to read the file, so an object means the same on every machine; what
// depends on the machine happens in [Object.Load]. What follows from them is in
// docs/reference-loader.md, decision by decision, each with the requirements that hold this package
// to it.
//
// # How to read the source
//
// A load is a story in stages. The packages and files read best in this order, and each package
// imports only those before it. Those that read an object import neither package sys nor another
// way to the machine, which a test of imports holds; of what opens one, only reading its file, in
// object.go, is outside of them.
//
// A map goes through it as a [Definition], a [Map], a mapLoad, a wantedMap and the attributes of
// bpf(2), in package sys.
//
//	internal/refuse            all that can go wrong
//	internal/objfile  open     bytes to sections and symbols
//	internal/typeinfo          types, variables, and what BTF says of instructions
//	internal/sys               the calls to bpf(2), and what the kernel tells to programs only
//	internal/mapdef   define   sections to map definitions
//	internal/linker   link     several objects to one
//	internal/structops create  structures to this kernel's
//	internal/externs           what the object expects the kernel to have
//	internal/typefile          types of files
//	internal/core              numbers of types to those that another set of types has
//	internal/code     resolve  sections to functions, instructions to what they refer to
//
//	object.go                  all of this, in order: [Open]
//	link.go                    several objects to one file: [Link], [Object.Join]
//	definition.go              map definitions as callers see them
//	map.go                     what callers may change before the load
//	variable.go
//	program.go
//	handler_map.go             handlers of callers
//	handler_program.go
//	tailcall.go                iproute2's sections of tail calls
//	struct_ops.go              structures that the kernel calls
//	externs.go                 what the object expects the kernel to have
//	load.go           load     the rest, in order: [Object.Load]; undo.go takes it back
//	externs_load.go            what the running kernel has of it: symbols,
//	externs_config.go          values of its configuration,
//	externs_typed.go           variables and functions with types
//	externs_kernel.go          where all of that is asked for
//	object_types.go            types to the kernel
//	want.go           create   definitions to what is wanted of this kernel, one value per map
//	struct_ops_load.go         structures to what this kernel has
//	create.go                  what is wanted to maps with contents
//	create_map.go              one map without an object
//	token.go                   rights that a bpffs delegates
//	errno.go                   what the kernel means by an errno, call by call
//	differ.go         pin      maps that exist to what is wanted
//	pin.go                     maps to and from bpffs
//	pin_iproute2.go            where iproute2 has them
//	program_load.go   load     programs to the kernel
//	core.go                    instructions to this kernel's types
//	kernel_types.go            where those are asked for,
//	kernel_types_given.go      or which a caller gives in their place
//	bind.go           bind     read-only data to programs
//	program_array.go           programs to the maps that hold them
//	attach.go         attach   extensions to functions, XDP programs to interfaces
//	registration.go            structures to the kernel, which calls them
//	error.go                   errors as callers see them
package loaderimpl
