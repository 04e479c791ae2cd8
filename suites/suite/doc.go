// SPDX-License-Identifier: Apache-2.0

// Package suite holds the words that conformance specs are written in. Specs import it without a
// prefix, and what it is written on top of, package runner, not at all.
//
// A spec says one thing about loaders, in their own words: the example of this package shows the
// ways to write one, [It], [Table] and [Refusal]. What it takes for its subject it imports:
// objects, and where it asks the kernel itself, package oracle.
//
// A spec's id is its requirement's, with /variant where one requirement has several specs.
//
// A refusal proves something only if the loader takes the same object without the fault, so a
// refusal has a control: an expectation of [BeRejected] in a session that has loaded nothing yet is
// an error of the spec.
//
// What a loader does not claim it is asked anyway. It may refuse, cleanly: that ends the spec as
// refused. It may do it: that passes, as more than it claims. It may not pretend. Nor does it cost
// a loader anything not to know an attribute, an option or an operation that it does not claim: its
// answer says so, and ends the spec as refused.
//
// Most specs have one conversation with one loader. What two loaders do to each other, and what a
// loader leaves to the next, is asked with another conversation ([Session.Another], [LoadTogether])
// and with the same begun again ([Conversation.Restart]).
//
// Read spec.go (how specs are registered), session.go, conversation.go, attempt.go, create.go,
// link.go, query.go, attach.go, chain.go and asked.go (what a spec holds in its hands), brought.go
// (objects of the user's own), then the matchers: expectation.go, errno.go, pin.go, node.go,
// structops.go and refusal.go; arena.go, number.go (numbers as programs see them) and vocabulary.go
// (the words of the protocol).
package suite
