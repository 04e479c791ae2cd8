// SPDX-License-Identifier: Apache-2.0

// Package record holds what passes between the host and a guest: an order goes in, records come
// out, each one JSON line.
//
// A record says what was asked and what was seen, never what that means: the host decides it
// (package verdict). For each spec the order names, a guest sends [Begin], a [Step] per request to
// the loader, [KernelLog], and [Finish]; after the last spec [End]. A spec without a Finish, a
// guest without an End, and a log that could not be read are all seen by the host, and none of them
// is a pass.
//
// Read order.go, then record.go, and seal.go, which shows that a record is the guest program's;
// catalogue.go says what can be ordered.
package record
