// SPDX-License-Identifier: Apache-2.0

// Package externs reads which variables and functions of the kernel an object refers to, and what
// texts say of them: configurations of kernels, and lists of the kernel's symbols. It opens no
// file: its callers do.
//
// An extern in section .kconfig is a value of the kernel's configuration, which a program reads
// from a map; one in .ksyms is the address of a symbol, a typed variable, or a function that
// programs may call.
//
// Read find.go (an object to its externs), config.go (the text of a configuration to values),
// value.go (the values of one option), symbols.go (a list of the kernel's symbols to addresses).
package externs
