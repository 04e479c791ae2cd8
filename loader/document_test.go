// SPDX-License-Identifier: Apache-2.0

package loader

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/loader/schema"
)

// document is the text for authors of drivers.
func document(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../docs/loader-protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// rows are the rows of the document's table with that head, as cells.
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

// words are the words in backticks.
func words(cell string) []string {
	var all []string
	for _, m := range code.FindAllStringSubmatch(cell, -1) {
		all = append(all, m[1])
	}
	return all
}

func firstWords(table [][]string) []string {
	var all []string
	for _, row := range table {
		all = append(all, words(row[0])...)
	}
	slices.Sort(all)
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

func TestDocumentedOperations(t *testing.T) {
	for _, row := range rows(t, "| op | fields | what to do | `ok` holds |") {
		op := Op(words(row[0])[0])
		var def definition
		if err := json.Unmarshal(definitions(t)["request."+string(op)], &def); err != nil {
			t.Fatal(err)
		}
		var fields []string
		for field := range def.Properties {
			fields = append(fields, field)
		}
		documented := words(row[1])
		slices.Sort(fields)
		slices.Sort(documented)
		if diff := cmp.Diff(fields, documented); diff != "" {
			t.Errorf("%s: -schema +document:\n%s", op, diff)
		}
	}
	var ops []string
	for _, op := range Ops() {
		ops = append(ops, string(op))
	}
	if diff := cmp.Diff(ops, firstWords(rows(t, "| op | fields | what to do | `ok` holds |"))); diff != "" {
		t.Error(diff)
	}
}

func definitions(t *testing.T) map[string]json.RawMessage {
	t.Helper()
	var doc struct {
		Defs map[string]json.RawMessage `json:"$defs"`
	}
	if err := json.Unmarshal(schema.Protocol, &doc); err != nil {
		t.Fatal(err)
	}
	return doc.Defs
}

func TestDocumentedStagesAndClassesAndFeatures(t *testing.T) {
	for _, tt := range []struct {
		head string
		want []string
	}{
		{"| stage | |", sorted(AtOpen, AtLink, AtLoad, AtCreate, AtPin, AtRelocate, AtVerify, AtAttach, AtCommand)},
		{"| class | meaning |", sorted(Malformed, MalformedELF, MalformedBTF, Invalid, BadMapDef, BadRelocation, BadProgram,
			NotSupported, UnknownMapField, UnknownMapKind, UnknownSection, KernelLacks, NotFound, BTFMissing, Unresolved,
			IncompatiblePin, NameConflict, Permission, Limit, Busy, Verifier, IO, Unclassified)},
		{"| feature | a loader that claims it |", sorted(BTFMaps, LegacyMaps, Iproute2Maps, CallbackMaps, Pinning, NUMA, MapInMap, GlobalData,
			Metadata, StaticLink, XDPChain, StructOps, SplitBTF, IgnoreUnknown, ProgramHandlers, OneStep, MapCreate)},
		{"| key | when | holds |", []string{"error", "ok", "rejected", "unsupported"}},
	} {
		if diff := cmp.Diff(tt.want, firstWords(rows(t, tt.head))); diff != "" {
			t.Errorf("%s:\n%s", tt.head, diff)
		}
	}
	for _, class := range firstWords(rows(t, "| class | meaning |")) {
		if !wellFormed(class, classes) {
			t.Errorf("class %s is not in the schema", class)
		}
	}
}

func sorted[S ~string](words ...S) []string {
	var all []string
	for _, w := range words {
		all = append(all, string(w))
	}
	slices.Sort(all)
	return all
}

func TestDocumentedErrnos(t *testing.T) {
	documented := map[syscall.Errno]Class{}
	for _, row := range rows(t, "| errno | class |") {
		for _, name := range words(row[0]) {
			documented[errnoNamed(t, name)] = Class(words(row[1])[0])
		}
	}
	for errno := syscall.Errno(1); errno <= maxErrno; errno++ {
		want, ok := documented[errno]
		if !ok {
			want = Unclassified
		}
		if got := ClassOf(errno); got != want {
			t.Errorf("%s (%d): %s, documented %s", unix.ErrnoName(errno), errno, got, want)
		}
	}
}

func errnoNamed(t *testing.T, name string) syscall.Errno {
	t.Helper()
	if name == "ENOTSUPP" {
		return ENOTSUPP
	}
	for errno := syscall.Errno(1); errno < 200; errno++ {
		if unix.ErrnoName(errno) == name || name == "EOPNOTSUPP" && errno == unix.EOPNOTSUPP {
			return errno
		}
	}
	t.Fatal(fmt.Errorf("no errno %s", name))
	return 0
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
