// SPDX-License-Identifier: Apache-2.0

// Package native runs a suite's specs on the kernel that is running, under go test, with a loader that is linked in.
//
// That is for whoever writes specs: it is quick, and a debugger can be had. It is no verdict on a loader, because the kernel is shared with
// whatever else runs (see Witness in package oracle), and it needs root. The test of a suite is five lines:
//
//	func TestMain(m *testing.M) { native.Main(m) }
//
//	func TestMapDefs(t *testing.T) { native.Run(t, "mapdefs", reference.New) }
//
// Read main.go (a mount namespace of our own), run.go, kmsg.go (the kernel's log).
package native
