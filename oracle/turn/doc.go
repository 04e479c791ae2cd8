// SPDX-License-Identifier: Apache-2.0

// Package turn lets one process at a time judge the host's own kernel.
//
// A spec asks the kernel what is there that was not there before, and what it has logged. Where a
// guest has a kernel to itself, all of that is the loader's. On the host's own kernel it may be
// that of another run, and not all of it can be told apart: an object that its process has just
// given up is held by no process, and a line of the log names none. So each guest there waits for
// its turn, and so does each test that asks the host's kernel such questions. A spec mostly waits
// for the kernel, so that two at once would hardly be faster. Tests that make things in the host's
// kernel and judge nothing run beside each other, while no one has the turn.
//
// Read turn.go.
package turn
