// SPDX-License-Identifier: Apache-2.0

// Package globaldata holds loaders to what becomes of an object's variables: the maps of its
// sections of data, what is in them before and after a program ran, and who may change it.
//
// A program reads a variable by an offset into the one value of a map, so what a loader got wrong
// shows when the program runs, and in the bytes of the map. Both are asked of the kernel. A map is
// found by the loader's name for it, which ends in the section's, and has to be one that the
// program uses.
//
// What is expected stands in requirements/globaldata.yaml. Read section.go (the maps of sections),
// variable.go (what programs find in variables), arena.go and percpu.go (variables of arenas, and
// of each CPU), initial.go and size.go (what the caller sets before the load), pointer.go (data
// that holds pointers), kconfig.go and ksym.go (what objects expect the kernel to have: values of
// its configuration, and its symbols).
package globaldata
