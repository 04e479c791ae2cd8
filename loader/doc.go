// SPDX-License-Identifier: Apache-2.0

// Package loader is the contract between a conformance suite and a loader under test.
//
// A suite asks, a loader acts, and what the loader did is then read from the kernel. The contract
// is therefore small: a [Request] goes in, a [Reply] comes out, and a reply says only whether the
// loader did as asked and which kernel ids it made. The same contract is spoken in two ways: by a
// Go value that implements [Loader] and is linked in (the reference loader in guests; that and
// cilium in command loadstone, which asks them what they claim), and by a process that speaks
// newline-delimited JSON over its stdin and stdout (every loader, the reference loader with
// 'loadstone run --process'). docs/loader-protocol.md is
// the text for authors of drivers.
//
// The source of the protocol is two files in protocol, messages.yaml and vocabulary.yaml. From them
// go generate writes the types and constants here (messages_gen.go, words_gen.go), how they go over
// the wire (wire_gen.go), the JSON Schema in package schema, what drivers in C and Rust include,
// and the tables of the document. A new message or word is an entry there.
//
// Read protocol/messages.yaml, then loader.go (the interface), request.go and reply.go (what the
// words mean), errno.go (the one error of the kernel without a name); then wire.go, tree.go,
// node.go and text.go (messages as text), client.go with pipe.go, process.go, patience.go and
// fault.go (a conversation with a process), traced.go (the same with a value), server.go (the
// driver's side); last manifest.go, manifest_text.go, ref.go and name.go (how loaders are described
// and named). Package check proves a driver.
package loader

//go:generate go run ./protocol
