// SPDX-License-Identifier: Apache-2.0

// Package phrase puts into words, a line each, what a record says of a spec: a loader's reply, what
// the kernel holds, and a failure as what was expected and what was seen.
//
// The words that specs use (package suite) and what makes records of them (package runner) both
// write such lines. A failure passes between the two as the text that Gomega carries, so its form
// is here as well.
//
// Read line.go (how long a line gets), reply.go and kernel.go, then failure.go.
package phrase
