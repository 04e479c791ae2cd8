// SPDX-License-Identifier: Apache-2.0

// Package surround starts the processes of drivers with less than this process has: less of what no
// driver has, and of what the surroundings of a requirement take away.
//
// What a process inherits from the thread that starts it (the bounding set of capabilities, mounts)
// is taken from a thread of its own; what it can be given (user, group, capabilities) is given when
// it starts. So nothing runs between this process and the driver, and it costs no more to start.
//
// But for a driver in a user namespace, which is this program first: see [Enter].
//
// Read thread.go, keeper.go (the PID namespace of drivers), then surroundings.go (what a
// requirement takes away), namespace.go and line.go (a user namespace with a bpffs of its own).
package surround
