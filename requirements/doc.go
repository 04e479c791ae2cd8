// SPDX-License-Identifier: Apache-2.0

// Package requirements holds what loaders are held to: one sentence each, with a stable id, and
// nowhere else.
//
// The sentences are YAML, a file per area, embedded. The id of a spec is the id of its requirement,
// with /variant where one requirement has several specs. What else a spec needs follows from the
// requirement: how binding it is (must, should), which loaders are held to it (profiles), what the
// kernel must have for the question to make sense (needs), what the loader has less of than root
// (surroundings), and where the rule comes from (sources).
//
// The YAML is read once, at the first call of [Read]; a program that has to answer before a
// deadline calls it in advance. All mistakes in it are found then and reported together.
//
// Read requirement.go (what a requirement says), needs.go, surroundings.go, profile.go, source.go,
// then entry.go and read.go (how it is read and checked).
package requirements
