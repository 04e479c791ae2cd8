// SPDX-License-Identifier: Apache-2.0

// Package verdict makes the results of a run from what guests said: a verdict per spec and cell.
//
// The rule is short. A spec passed if, and only if, its guest said that it began and that it
// passed, said what the kernel logged meanwhile and that log is whole and clean, went on to its
// next spec or to its explicit end, and its machine then ended as it should. Where other specs ran
// before it, each was followed by proof that the guest was as before the first. Everything else has
// another name ([Kind]), and none of those names is a pass. [Judge] is that rule, a pure function
// of the evidence.
//
// Verdicts are kept in run.jsonl, the contract with every other tool: a [Run] line, a [Verdict]
// line per spec and cell, an [End] line. They are written as they come ([Writer]), and everything
// that is shown later, reports and exit code alike, comes from that file ([File]).
//
// Read verdict.go, run.go and source.go (the lines of the file), evidence.go and judge.go (the
// rule), account.go (what a guest said of one spec), shared.go (guests that several specs used),
// conversation.go (what is kept of what was said), trail.go (all of it), kernellog.go and
// splat.go (what a kernel log may not hold), taint.go, expectation.go, match.go, class.go,
// excuse.go, amend.go and release.go (failures that are known, and the versions that they are
// of), feature.go (what skipped specs lacked), tally.go (the plan, as verdicts come), absent.go
// (what never came), writer.go, reader.go and resume.go (run files), merge.go (runs of shards),
// then matrix.go, exit.go, compare.go (two runs), stable.go (the same run several times),
// bisect.go (a row of runs), and claim.go, claimbasis.go and claimdiff.go (what a loader is said
// to do, what that rests on, and whether it holds).
package verdict
