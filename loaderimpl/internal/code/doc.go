// SPDX-License-Identifier: Apache-2.0

// Package code reads an object's functions, finds what their instructions refer to, and puts a
// program together from them.
//
// Read function.go (sections to functions), kind.go (section names to kinds of programs),
// resolve.go (instructions to what they refer to), assemble.go (functions to one program), and
// extern.go (references to the kernel, in both).
package code
