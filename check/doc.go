// SPDX-License-Identifier: Apache-2.0

// Package check answers whether an object of a user's own loads: on every kernel, with every
// loader, and if not, why.
//
// [Find] finds the objects in files, folders and executables. [Object.Read] reads of one what it
// needs of a kernel; nothing of it is loaded here. A guest has a loader load the object (see
// [record.ObjectSpec]), looks at what the kernel has then, and, where it was refused, probes the
// kernel for what the object needs. What a guest says is a verdict, and [Of] makes an [Answer] of
// it, with one [Cause] for each refusal. A cause comes from evidence, never from the words of a
// message: what the kernel lacks, at which stage the object was refused and with which class, and
// what other loaders made of it on the same kernel ([Compare]). Beside where it was seen to begin
// stands a [Floor], read from the object alone by a table of what kernels have ([Floors]).
//
// Read object.go and embedded.go (what is found), needs.go and core.go (what an object needs),
// attach.go (how its programs are attached, and how that went), settings.go and variable.go (what a
// caller would change, and what is expected), answer.go and cause.go (what is made of verdicts),
// floor.go (from which kernel on an object can load at best), table.go and report.go (how it is
// shown).
package check
