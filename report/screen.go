// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"os"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"
)

// A Screen is what is known of the terminal that a report goes to.
type Screen struct {
	Live  bool // it is a terminal: lines can be painted over
	Color bool
	Width int // columns; 0 where it is not known
}

// ScreenOf asks a file what it is. NO_COLOR (https://no-color.org) and TERM=dumb turn colours off.
func ScreenOf(f *os.File) Screen {
	fd := int(f.Fd())
	if !term.IsTerminal(fd) {
		return Screen{}
	}
	dumb := os.Getenv("TERM") == "dumb"
	s := Screen{Live: !dumb, Color: !dumb && os.Getenv("NO_COLOR") == ""}
	if width, _, err := term.GetSize(fd); err == nil {
		s.Width = width
	}
	return s
}

// A color holds the parameter of an SGR escape sequence.
type color string

const (
	bold   color = "1"
	dim    color = "2"
	red    color = "31"
	green  color = "32"
	yellow color = "33"
	cyan   color = "36"
)

// paint returns text in a colour, if the screen has colours.
func (s Screen) paint(c color, text string) string {
	if !s.Color || c == "" || text == "" {
		return text
	}
	return "\x1b[" + string(c) + "m" + text + "\x1b[0m"
}

// pad returns text followed by blanks up to width columns. It counts text in runes.
func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(text)))
}

// printable returns text from a guest as it can be sent to a terminal: it spells out control
// characters, which move the cursor or worse, and characters that change the direction of writing.
func printable(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\n' || r == '\t' || unicode.IsPrint(r):
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// clock returns a duration as a person reads it: "0:42", "1:02:03".
func clock(d time.Duration) string {
	s := int64(d.Round(time.Second).Seconds())
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// Plain returns text that came from a guest or a file of somebody's in one line, with everything
// escaped that a terminal would act on.
func Plain(text string) string { return printableLine(text) }
