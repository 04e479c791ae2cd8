// SPDX-License-Identifier: Apache-2.0

// Package guest is the guest's side of a test VM: what a program has to do
// that is PID 1 there.
//
// Such a program is one call:
//
//	func main() { guest.Main(guest.Options{}, run) }
//
// Main makes a machine of the bare kernel (mounts, modules, loopback) and hands it to run as a
// [Guest]. run does what can be done early, then calls [Guest.WaitOrder]: there the host takes the
// template from which every clone goes on. The call returns in a clone, with the clone's order; run
// writes its records to [Guest.Records] and returns, and the power goes off.
//
// Read init.go (from the bare kernel to a machine), mounts.go, modules.go, order.go (ready, asleep,
// awake), record.go and port.go (the serial line, and the ring in its place), kmsg.go (the kernel's
// log), payload.go and unpack.go (files from the host), cpu.go (where it runs), reap.go and
// power.go (what a PID 1 has to do), exit_amd64.go and exit_other.go (the quick way out), shell.go
// (a person instead of a program), program.go (a program of the user's). The bytes on the line are
// package wire.
package guest
