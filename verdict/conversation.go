// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/loadstone-bpf/loadstone/record"
)

// What a verdict keeps of what came from a guest, so that a run of thousands stays a file that can
// be read.
const (
	keptSteps   = 8       // requests of the conversation, the last ones
	keptStep    = 2 << 10 // bytes of one request or reply
	keptConsole = 40      // lines of the console, the last ones
	keptLine    = 400     // bytes of one line
	keptSplat   = 60      // lines of one splat, the first ones
	keptSplats  = 4       // splats: the first ones, and the first that is a crash
	keptText    = 4 << 10 // bytes of what was expected, what was seen
	keptDetail  = 16 << 10
)

// conversation returns the end of what suite and driver said to each other: a line "> request" for
// each request, then "< reply" or "! fault", and "| stderr" for what the driver wrote there. Before
// that stands the number of the conversation, where it is not the spec's first.
func conversation(steps []record.Step) []string {
	var lines []string
	if cut := len(steps) - keptSteps; cut > 0 {
		lines = append(lines, fmt.Sprintf("… %d earlier requests", cut))
		steps = steps[cut:]
	}
	for _, s := range steps {
		mark := ""
		if s.Conversation > 0 {
			mark = fmt.Sprint(s.Conversation)
		}
		took := s.Duration.Round(time.Millisecond / 10)
		lines = append(lines, mark+"> "+clip(string(s.Request), keptStep))
		if len(s.Reply) > 0 {
			lines = append(lines, fmt.Sprintf("%s< %s  (%v)", mark, clip(string(s.Reply), keptStep), took))
		}
		if s.Fault != "" || len(s.Reply) == 0 {
			lines = append(lines, fmt.Sprintf("%s! %s  (%v)", mark, clip(s.Fault, keptStep), took))
		}
		for line := range strings.Lines(clip(s.Stderr, keptStep)) {
			lines = append(lines, mark+"| "+strings.TrimRight(line, "\r\n"))
		}
	}
	return lines
}

// tail returns the last lines of a console.
func tail(console string) []string {
	lines := strings.Split(strings.TrimRight(strings.ReplaceAll(console, "\r", ""), "\n"), "\n")
	lines = lines[max(0, len(lines)-keptConsole):]
	if len(lines) == 1 && lines[0] == "" {
		return nil
	}
	for i, line := range lines {
		lines[i] = clip(line, keptLine)
	}
	return lines
}

// clip cuts s to at most size bytes of valid UTF-8 and says so.
func clip(s string, size int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= size {
		return s
	}
	cut := size
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return fmt.Sprintf("%s… (%d bytes more)", s[:cut], len(s)-cut)
}
