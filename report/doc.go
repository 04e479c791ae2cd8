// SPDX-License-Identifier: Apache-2.0

// Package report shows a run: on a terminal, as a page, as JUnit XML and as Markdown.
//
// Every report is written from a run file alone, so that the end of a run shows what `loadstone
// report` shows a year later. Reports are deterministic: the same file gives the same bytes. Most
// of what they show came from a guest and is treated as text: whatever a terminal, a browser or a
// parser would act on is escaped. Only [Progress] is live.
//
// Read screen.go (what a terminal gets), findings.go (what deserves a reader's time, and in which
// order), shared.go (what depends on what ran before), source.go (links to where a requirement
// comes from), kernelname.go (what kernels are called), answers.go (a run in words), matrix.go,
// terminal.go, progress.go (while a run goes on), estimate.go (how long it still takes) and
// tariff.go (what specs take); then junit.go, ktap.go, kcidb.go, markdown.go, shortfalls.go,
// block.go (verdicts as a page holds them), page.go and claims.go (what a run lets loaders claim);
// format.go writes them all. badge.go makes the image of a claim. compare.go shows how two runs
// differ, history.go, historytext.go and historypage.go how loaders did in several, stable.go how
// the same run does when it is repeated, annotations.go what a job on GitHub marks.
package report
