// SPDX-License-Identifier: Apache-2.0

// Package requirements is what loaders are held to: one sentence each, with a stable id, and nowhere else.
//
// The sentences are YAML, a file per area, embedded. A spec's id is its requirement's, with /variant where one requirement has several specs.
// Everything a spec needs to know beside its own thoughts follows from the requirement: how binding it is (must, should), who is held to it
// (profiles), what the kernel must have for the question to make sense (needs), and where the rule comes from (sources).
//
// The YAML is read once, when it is first asked for; a program that answers under a deadline asks before ([Read]). Every mistake in it is
// found at that time and all mistakes are reported together.
//
// Read requirement.go (what a requirement says), needs.go, profile.go, source.go, then read.go (how it is read and checked).
package requirements
