// SPDX-License-Identifier: Apache-2.0

// Package machine runs a kernel in QEMU, and a booted one again and again.
//
// A [VM] is to a guest what an exec.Cmd is to a process. [Boot] makes one from
// a bare kernel, which takes seconds. [Templates.Get] boots a kernel up to the
// point where its guest waits for an order, and keeps memory and state as
// files; [Template.Clone] makes a VM of those, copy-on-write, in a tenth of a
// second, as often as one likes. However a VM ends, [VM.Wait] says how, as an
// [Ended]: nothing but an orderly end passes for one.
//
// Every channel to QEMU is an inherited descriptor: a VM leaves no socket,
// no file and no process behind, whatever happens to this program.
//
// Read config.go (what a machine is), argv.go (QEMU's command line), process.go (starting QEMU so
// that it cannot outlive this program), qmp.go (its monitor), vm.go (one VM from start to end),
// record.go, console.go, end.go (with ring.go: what comes out of it), load.go and meter.go (how
// much of its time the host gave it), deadline.go (hangs), template.go (with memory.go,
// manifest.go, templates.go) and clone.go, payload.go (files for a clone), accel.go (KVM or not).
package machine
