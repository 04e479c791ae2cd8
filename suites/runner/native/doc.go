// SPDX-License-Identifier: Apache-2.0

// Package native runs specs on the kernel that is running, under go test, with a loader that is
// linked in.
//
// That is for authors of specs: it is quick, and they can use a debugger. It is no verdict on a
// loader, because the kernel is shared with whatever else runs (see Witness in package oracle), and
// it needs root. Package all runs every suite with it:
//
//	func TestMain(m *testing.M) { native.Main(m, reference.New) }
//
//	func TestReferenceLoader(t *testing.T) { native.Run(t, reference.New) }
//
// Read main.go (a mount namespace of our own), run.go, kmsg.go (the kernel's log).
package native
