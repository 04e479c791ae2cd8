// SPDX-License-Identifier: Apache-2.0

// Package report shows a run: on a terminal, as a page, as JUnit XML and as Markdown.
//
// Every report is made from a run file and from nothing else, so what is shown at the end of a run is what `loadstone report` shows a year
// later. Reports are deterministic: the same file gives the same bytes. Most of what they show came from a guest, and is taken as text:
// whatever a terminal, a browser or a parser would act on is escaped. The one live thing is [Progress].
//
// Read screen.go (what a terminal gets), findings.go (what is worth a reader's time, and in which order), matrix.go, terminal.go,
// progress.go; then junit.go, markdown.go, page.go; format.go writes them all.
package report
