// SPDX-License-Identifier: Apache-2.0

// Package run carries out a plan: it takes specs, loaders and kernels, has guests run them, and
// writes a verdict for each.
//
// A [Plan] is cut into batches, each of which one guest runs in one kernel, as long as it is proved
// clean by default ([Auto]). Kernels are made ready one after the other, and the batches of a
// kernel start as soon as it is, so the first verdict comes while later kernels still boot. If a
// guest dies, another runs the rest of its batch. Package verdict judges what guests say; no
// verdict is made here.
//
// Read catalogue.go (what can be run), plan.go (what is to be done) and object.go (objects that a
// user brings), isolation.go (how it is cut), shard.go (for several machines),
// loader.go (the loader to run it with), limits.go (how long it may take), queue.go and runner.go
// (doing it), guest.go (what a guest is), then the two kinds of kernel: machine.go (a clone for
// each batch, and shell.go, a person in it) and native.go (the host's own kernel).
package run
