// SPDX-License-Identifier: Apache-2.0

// Package mapdefs holds loaders to what they make of map definitions: BTF ones in section .maps,
// those of libbpf, of iproute2 and of the kernel's samples in section maps, and those that only a
// callback understands; and to what they make of programs that only a handler understands.
//
// A definition is right if the kernel has the map that it defines, and if a program that refers to
// the map uses that one. It is wrong in many ways, and each has a spec: the loader refuses the
// object, says why, and leaves nothing behind. What a loader may do either way, such as rounding
// the size of a ring buffer, is written so, and never as what one loader does.
//
// What is expected stands in requirements/mapdefs.yaml. Read maptype.go (the maps that definitions
// make), field.go and number.go (what is in a BTF definition), descriptor.go (sizes that are left
// out), newer.go (types that not every kernel takes), entries.go (how many entries), keyless.go
// (keys where there are none), variable.go (what a definition is in), legacy.go, iproute2.go,
// samples.go, callback.go, handler.go, name.go, use.go (programs and their maps), set.go (what a
// caller changes), program.go (what else the kernel is told of programs), kernel.go (what the
// kernel refuses), object.go (files that are no objects), section.go (objects whose parts do not
// fit), unread.go (what a loader does not read, and what it cannot), fault.go (a bad object beside
// the same without its fault), create.go (maps without an object), create_inner.go (maps of maps
// without one), create_refused.go.
package mapdefs
