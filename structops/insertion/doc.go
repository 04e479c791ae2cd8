// SPDX-License-Identifier: Apache-2.0

// Package insertion puts structures of an object into the kernel, and keeps them there, as insmod
// does with modules. It loads them with the reference loader; what becomes of them then is for
// package structops to tell.
//
// Read insert.go, then folder.go (pins, and who is at work there).
package insertion
