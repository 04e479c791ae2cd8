// SPDX-License-Identifier: Apache-2.0

// Package metadata reads what objects say of themselves in variables whose names begin with
// bpf_metadata_: who is behind a program, which revision it was built from.
//
// Such variables are read-only data, which a loader binds to each program of the object. So they
// are found by whoever sees the program, whatever loaded it, and with the types that the object's
// BTF gives them. In an object that is not loaded they are found without the kernel.
//
// Read program.go (what is known of a program), kernel.go and object.go (how it is found out),
// value.go and ctype.go (bytes and types in words), and error.go (how it can end).
package metadata
