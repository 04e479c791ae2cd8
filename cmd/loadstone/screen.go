// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"github.com/loadstone-bpf/loadstone/vmtest/apt"
)

// megabytes writes a size in units of a million bytes.
func megabytes(bytes int64) string { return fmt.Sprintf("%.1f MB", float64(bytes)/1e6) }

// colour gives the parameter of a terminal's "select graphic rendition".
type colour string

const (
	red    colour = "31"
	green  colour = "32"
	yellow colour = "33"
)

// painter returns a function that colours text if w is a terminal, and the user
// did not turn colours off (https://no-color.org).
func painter(w io.Writer) func(colour, string) string {
	if !isTerminal(w) || os.Getenv("NO_COLOR") != "" {
		return func(_ colour, text string) string { return text }
	}
	return func(c colour, text string) string { return "\x1b[" + string(c) + "m" + text + "\x1b[0m" }
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// downloads shows how far downloads are: on a terminal in one line that is
// written over and over, elsewhere with a line when one starts.
type downloads struct {
	w        io.Writer
	terminal bool
	shown    bool // the line on the terminal is not empty
	started  map[string]bool
}

func newDownloads(w io.Writer) *downloads {
	return &downloads{w: w, terminal: isTerminal(w), started: map[string]bool{}}
}

func (d *downloads) event(e apt.Event) {
	switch {
	case d.terminal && e.Total > 0:
		d.line(fmt.Sprintf("%s  %3d %% of %s", e.What, 100*e.Done/e.Total, megabytes(e.Total)))
	case d.terminal:
		d.line(e.What)
	case !d.started[e.What] && e.Total > 0:
		fmt.Fprintf(d.w, "%s, %s\n", e.What, megabytes(e.Total))
	case !d.started[e.What]:
		fmt.Fprintln(d.w, e.What)
	}
	d.started[e.What] = true
}

func (d *downloads) line(text string) {
	fmt.Fprintf(d.w, "\r\x1b[K%s", text)
	d.shown = text != ""
}

func (d *downloads) notice(sentence string) {
	d.end()
	fmt.Fprintf(d.w, "note: %s\n", sentence)
}

// end leaves the terminal's line empty for what comes next.
func (d *downloads) end() {
	if d.shown {
		d.line("")
	}
}
