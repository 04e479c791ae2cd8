// SPDX-License-Identifier: Apache-2.0

// Package runner runs the specs that an order names and makes records of them.
//
// A suite registers a [Spec] through the words of package suite, which are written on top of this
// package. Registering costs next to nothing and checks nothing: [Check] does, and reports
// everything that is wrong with the whole catalogue at once. Only the specs that an order names are
// handed to Ginkgo, for a tree of all specs costs a clone more than most specs do.
//
// An [Execution] is what the runner keeps of the spec that runs: its conversations with the loader,
// what the kernel held before it, what the loader claims, and how it ended. It becomes the spec's
// last record. A loader that does not claim something is asked all the same: it may refuse,
// cleanly, which ends the spec as refused; it may do it, which passes, as more than it claims; it
// may not pretend.
//
// Read spec.go and catalogue.go (what is registered, and the rules for it), run.go and deps.go
// (an order, from its first record to its last), ginkgo.go, serve.go and warmup.go (how Ginkgo
// is entered), then the one spec: execution.go, needs.go, conversation.go and transcript.go,
// file.go (what the loader is given), claim.go, ending.go (what ends its body early), shell.go
// (a person looks at it), leave.go (what it gives up, and what stays), outcome.go and detail.go,
// log.go (its last records), state.go (how it leaves a guest that others are to use),
// privilege.go (what the kernel lets users do) and faults.go. Package native runs specs under go
// test.
package runner
