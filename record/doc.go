// SPDX-License-Identifier: Apache-2.0

// Package record holds what passes between the host and a guest: an order goes in, records come
// out, each one JSON line.
//
// A record says what was asked and what was seen, never what that means: the host decides it
// (package verdict). A guest that has read its order sends [Accepted]. For each spec the order
// names it sends [Begin], a [Step] per request to the loader, [KernelLog], and [Finish]; a
// [State] before the first and after each, where it is told to watch; after the last [End]. A
// [File] comes for each that the suite wrote for the loader, where it is told to send them. A
// spec without a Finish, a guest without an End, and a log that could not be read are all seen
// by the host, and none of them is a pass.
//
// Read order.go, then record.go, checked.go and attached.go (how an object did that the host
// brought), file.go (what the loader was given), shell.go (a person in the guest), and seal.go,
// which shows that a record is the guest program's; catalogue.go says what can be ordered, lack.go
// why a spec is skipped.
package record
