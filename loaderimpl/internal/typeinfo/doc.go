// SPDX-License-Identifier: Apache-2.0

// Package typeinfo reads what an object says of types: BTF, and in .BTF.ext what it says of
// instructions. It also writes BTF as the running kernel takes it.
//
// Read btf.go, then structure.go (structs and their members), value.go (Go values as bytes of a
// type), ext.go, raw.go (records as they stand), kernel.go, placed.go (variables that are in no
// section), resize.go (sections that a caller makes larger) and vintage.go (what is written
// differently for older kernels); of the kernel's own types running.go, named.go, sized.go and
// compatible.go; of types in files given.go,
// distilled.go, remap.go and subset.go.
package typeinfo
