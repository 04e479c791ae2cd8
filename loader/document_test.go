// SPDX-License-Identifier: Apache-2.0

package loader

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/loader/schema"
)

// document returns the text for authors of drivers.
func document(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../docs/loader-protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// rows returns the rows of the document's table with that head, as cells.
func rows(t *testing.T, head string) [][]string {
	t.Helper()
	_, table, ok := strings.Cut(document(t), "\n"+head+"\n")
	if !ok {
		t.Fatalf("no table %q", head)
	}
	var all [][]string
	for _, line := range strings.Split(table, "\n")[1:] {
		if !strings.HasPrefix(line, "|") {
			break
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		all = append(all, cells)
	}
	return all
}

var code = regexp.MustCompile("`([^`]*)`")

// words returns the words in backticks.
func words(cell string) []string {
	var all []string
	for _, m := range code.FindAllStringSubmatch(cell, -1) {
		all = append(all, m[1])
	}
	return all
}

func TestDocumentedTranscript(t *testing.T) {
	_, text, _ := strings.Cut(document(t), "```transcript\n")
	text, _, ok := strings.Cut(text, "```")
	if !ok {
		t.Fatal("no transcript")
	}
	var request []byte
	var op Op
	asked := map[Op]bool{}
	given := map[string]bool{}
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		direction, message := line[:2], []byte(line[2:])
		if direction == "> " {
			e, req, err := decodeRequest(message)
			if err != nil || e.Seq != i/2+1 {
				t.Fatalf("%s: seq %d, %v", line, e.Seq, err)
			}
			request, op, asked[req.Op()] = message, req.Op(), true
			continue
		}
		if err := schema.Validate(request, message); err != nil {
			t.Errorf("%s: %v", line, err)
		}
		a, err := decodeReply(op, message)
		if err != nil || direction != "< " || a.seq != i/2+1 || len(a.unknown) > 0 {
			t.Errorf("%s: %+v, %v", line, a, err)
		}
		given[replyKey(a.reply)] = true
	}
	if len(asked) != len(Ops()) || len(given) != 4 {
		t.Errorf("the transcript shows %v and %v", asked, given)
	}
}

// The tables of words are generated. What handlers do is told by hand.
func TestDocumentedHandlers(t *testing.T) {
	var documented []Handler
	for _, row := range rows(t, "| handler | for | what it does |") {
		documented = append(documented, Handler(words(row[0])[0]))
	}
	all := []Handler{MapSectionHandler, MapFieldHandler, ProgramPrefixHandler, ProgramExactHandler,
		ProgramFallbackHandler}
	if diff := cmp.Diff(all, documented); diff != "" {
		t.Error(diff)
	}
}

func TestDocumentedManifest(t *testing.T) {
	_, text, _ := strings.Cut(document(t), "```yaml\n")
	text, _, _ = strings.Cut(text, "```")
	m, err := ParseManifest("loader-protocol.md", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if m.Name != "mine" || m.Newest() != "2.1" {
		t.Errorf("%+v", m)
	}
}
