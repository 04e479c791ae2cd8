// SPDX-License-Identifier: Apache-2.0

// Package token holds loaders to what they do with a BPF token.
//
// From Linux 6.9 on a bpffs can be of a user namespace, and who has the rights outside of that
// namespace can delegate to it what bpf(2) may be asked for inside: calls, types of maps and of
// programs, attach types. Who is root inside makes a token of the bpffs, and shows it with each
// call. Nothing else lets a user namespace load BPF, so a map or program that exists was made with
// a token; and one that was refused was not.
//
// The suite is apart from package rights: there a capability is missing or is not, and no loader
// has to do anything about it; here it has to make something and hand it to each of three calls.
// The driver is root of a user namespace of its own, and the spec's folder a bpffs of that
// namespace (surroundings of the requirement, delegate). The kernel is looked at from outside of
// it, as in all suites.
//
// A refusal has its control in the same surroundings, an object that the token allows, where there
// is one; else root loads it.
//
// What is expected stands in requirements/token.yaml. Read load.go, then refused.go, then path.go.
package token
