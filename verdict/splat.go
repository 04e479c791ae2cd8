// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.yaml.in/yaml/v3"
)

// A Splat describes a complaint in the kernel log.
type Splat struct {
	ID    string   `json:"id"`    // of the pattern: "warning", "kasan"
	Means Meaning  `json:"means"` //
	Text  string   `json:"text"`  // the line that says what it is
	Lines []string `json:"lines"` // the line and what belongs to it, as the kernel logged it
}

// A Meaning names what a splat says of the kernel.
type Meaning string

// The meanings.
const (
	SplatOnly  Meaning = "splat" // it complained, and lives
	SplatCrash Meaning = "crash" // it died, or is not to be trusted any more
)

func (m Meaning) rank() int {
	if m == SplatCrash {
		return 1
	}
	return 0
}

//go:embed splats.yaml
var splatsYAML []byte

// splatScanner holds the scanner for the embedded splats.yaml.
var splatScanner = sync.OnceValues(func() (*Scanner, error) { return ParseSplats(splatsYAML) })

// A Scanner finds splats in kernel logs.
type Scanner struct {
	patterns   []pattern
	exceptions []exception
	taints     []taint

	release string // of the kernel that is scanned
	now     time.Time
}

type pattern struct {
	ID      string  `yaml:"id"`
	Match   matcher `yaml:"match"`
	Means   Meaning `yaml:"means"`
	Generic bool    `yaml:"generic"`
}

type exception struct {
	Match   matcher `yaml:"match"`
	Reason  string  `yaml:"reason"`
	Kernels Range   `yaml:"kernels"`
	Until   day     `yaml:"until"`
}

// A matcher matches a regular expression that holds from the first character on.
type matcher struct{ *regexp.Regexp }

func (m *matcher) UnmarshalYAML(n *yaml.Node) error {
	if n.Value == "" {
		return fmt.Errorf("line %d: an empty pattern matches everything", n.Line)
	}
	re, err := regexp.Compile(`^(?:` + n.Value + `)`)
	if err != nil {
		return fmt.Errorf("line %d: %w", n.Line, err)
	}
	if re.MatchString("") {
		return fmt.Errorf("line %d: pattern %q matches everything", n.Line, n.Value)
	}
	m.Regexp = re
	return nil
}

// A day holds a date in UTC, without the time.
type day struct{ time.Time }

func (d *day) UnmarshalYAML(n *yaml.Node) error {
	t, err := time.Parse(time.DateOnly, n.Value)
	if err != nil {
		return fmt.Errorf("line %d: %q is no day; write 2027-06-30", n.Line, n.Value)
	}
	d.Time = t
	return nil
}

// past reports whether the day is over. Without a day, it never is.
func (d day) past(now time.Time) bool {
	return !d.IsZero() && now.After(d.AddDate(0, 0, 1))
}

// ParseSplats reads a list of patterns and exceptions in the form of splats.yaml. Whatever it does
// not understand is an error.
func ParseSplats(data []byte) (*Scanner, error) {
	var list struct {
		Patterns   []pattern   `yaml:"patterns"`
		Exceptions []exception `yaml:"exceptions"`
		Taints     []taint     `yaml:"taints"`
	}
	if err := decodeStrictly(data, &list); err != nil {
		return nil, fmt.Errorf("read splats: %w", err)
	}
	var errs []error
	if len(list.Patterns) == 0 {
		errs = append(errs, errors.New("no patterns: nothing would be found"))
	}
	for i, p := range list.Patterns {
		if p.ID == "" || p.Match.Regexp == nil || (p.Means != SplatOnly && p.Means != SplatCrash) {
			errs = append(errs,
				fmt.Errorf("pattern %d (%q): id, match and means (splat or crash) are needed", i+1, p.ID))
		}
	}
	for i, e := range list.Exceptions {
		if e.Match.Regexp == nil || strings.TrimSpace(e.Reason) == "" {
			errs = append(errs, fmt.Errorf("exception %d: match and reason are needed", i+1))
		}
		if _, err := e.Kernels.bounds(); err != nil {
			errs = append(errs, fmt.Errorf("exception %d: %w", i+1, err))
		}
	}
	for _, t := range list.Taints {
		errs = append(errs, t.check())
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("read splats: %w", err)
	}
	return &Scanner{
		patterns: list.Patterns, exceptions: list.Exceptions, taints: list.Taints,
	}, nil
}

// decodeStrictly decodes one YAML document. Unknown keys, a second document and no document at all
// are errors.
func decodeStrictly(data []byte, to any) error {
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(to); err != nil {
		if errors.Is(err, io.EOF) {
			return errors.New("the file is empty")
		}
		return err
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return errors.New("more than one document")
	}
	return nil
}

// on returns the scanner for one kernel, at one time: exceptions hold on some kernels and until
// some day.
func (s *Scanner) on(release string, now time.Time) *Scanner {
	on := *s
	on.release, on.now = release, now
	return &on
}

// Scan finds the splats among the lines of a kernel log. A line is as /dev/kmsg has it
// ("4,123,456;text"), as dmesg or a console shows it ("<4>[ 12.345678] text"), or the bare text.
func (s *Scanner) Scan(lines []string) []Splat {
	found, _ := s.scan(lines)
	return found
}

// scan also reports whether anything was excused.
func (s *Scanner) scan(lines []string) (found []Splat, excused bool) {
	lines = unfold(lines)
	for from := 0; from < len(lines); {
		b, ok := s.next(lines, from)
		if !ok {
			break
		}
		from = b.to
		excused = excused || b.excused
		if b.counts() {
			found = append(found, b.splat(lines))
		}
	}
	return found, excused
}

// A block holds the lines of one splat, and what matched in it.
type block struct {
	from, to int      // lines[from:to]
	pattern  *pattern // the most telling one: nil while all that matched was excused
	line     int      // where it matched
	excused  bool     // something was
	means    Meaning
}

// next finds the block that begins at the first match in lines[from:].
func (s *Scanner) next(lines []string, from int) (block, bool) {
	b := block{from: -1}
	for i := from; i < len(lines); i++ {
		p, excused := s.match(lines[i])
		begins := p != nil && p.ID == "cut-here"
		if b.from >= 0 && (i-b.from >= keptSplat || begins) {
			b.to = i
			return b, true
		}
		if p == nil {
			continue
		}
		if b.from < 0 {
			b.from = i
		}
		b.add(p, i, excused)
		if p.ID == "end-trace" {
			b.to = i + 1
			return b, true
		}
	}
	b.to = len(lines)
	return b, b.from >= 0
}

func (b *block) add(p *pattern, line int, excused bool) {
	if excused {
		b.excused = true
		return
	}
	if p.Means.rank() > b.means.rank() || b.means == "" {
		b.means = p.Means
	}
	switch {
	case b.pattern == nil,
		b.pattern.Generic && !p.Generic,
		b.pattern.Generic == p.Generic && p.Means.rank() > b.pattern.Means.rank():
		b.pattern, b.line = p, line
	}
}

// counts reports whether the block is a splat: something named in it is not excused, or nothing in
// it is.
func (b block) counts() bool {
	return b.pattern != nil && (!b.pattern.Generic || !b.excused)
}

func (b block) splat(lines []string) Splat {
	_, text, _ := kernelMessage(lines[b.line])
	kept := make([]string, 0, b.to-b.from)
	for _, line := range lines[b.from:b.to] {
		kept = append(kept, clip(line, keptLine))
	}
	return Splat{ID: b.pattern.ID, Means: b.means, Text: clip(text, keptLine), Lines: kept}
}

// match returns the first pattern that the kernel's line matches, and whether an exception excuses
// it.
func (s *Scanner) match(line string) (*pattern, bool) {
	_, text, ok := kernelMessage(line)
	if !ok {
		return nil, false
	}
	// Patterns hold from the first character on, and nothing that they look for is further in. A
	// guest may log what it likes.
	text = strings.TrimLeft(text, " \t")
	text = text[:min(len(text), keptLine)]
	for i := range s.patterns {
		p := &s.patterns[i]
		if !p.Match.MatchString(text) {
			continue
		}
		for _, e := range s.exceptions {
			if e.Match.MatchString(text) && e.Kernels.Holds(s.release) && !e.Until.past(s.now) {
				return p, true
			}
		}
		return p, false
	}
	return nil, false
}

// unfold makes a line of each message of an entry with several, all with the head of the entry:
// /dev/kmsg writes newlines spelled out, and on a console a message may begin in the line of one
// that was not ended, or of the note that messages were dropped.
func unfold(lines []string) []string {
	var unfolded []string
	for _, line := range lines {
		if head := kmsgHead().FindString(line); head != "" {
			for text := range strings.SplitSeq(line[len(head):], `\x0a`) {
				unfolded = append(unfolded, head+text)
			}
			continue
		}
		if _, _, ours := kernelMessage(line); !ours {
			unfolded = append(unfolded, line)
			continue
		}
		head, from := len(syslogHead().FindString(line)), 0
		for _, at := range innerStamp().FindAllStringIndex(line, keptSplat) {
			if at[0] > head {
				unfolded = append(unfolded, line[from:at[0]])
				from = at[0]
			}
		}
		unfolded = append(unfolded, line[from:])
	}
	return unfolded
}

// Patterns are compiled where they are first used: most commands use none.
var (
	kmsgHead   = whenUsed(`^(\d{1,6}),\d+,\d+,[^;]*;`)
	syslogHead = whenUsed(`^<(\d{1,6})>`)
	stampHead  = whenUsed(`^\[ *\d+\.\d{6}\](?:\[ *[TC]\d+\])? ?`)
	innerStamp = whenUsed(`\[ *\d{1,7}\.\d{6}\](?:\[ *[TC]\d+\])? `)
)

func whenUsed(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}

// kernelMessage returns the text of a line of the kernel log, and whether it bears the kernel's
// timestamp. It is not ok for a line that user space wrote into the log: its facility is not the
// kernel's, 0.
func kernelMessage(line string) (stamped bool, text string, ok bool) {
	text = line
	if m := kmsgHead().FindStringSubmatch(text); m != nil {
		priority, err := strconv.Atoi(m[1])
		return true, text[len(m[0]):], err == nil && priority>>3 == 0
	}
	if m := syslogHead().FindStringSubmatch(text); m != nil {
		if priority, err := strconv.Atoi(m[1]); err != nil || priority>>3 != 0 {
			return false, text, false
		}
		text = text[len(m[0]):]
	}
	if m := stampHead().FindString(text); m != "" {
		return true, text[len(m):], true
	}
	return false, text, true
}
