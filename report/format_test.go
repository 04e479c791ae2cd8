// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReportsAreWrittenWhole(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out", "deep")
	f := fixture(t, "full.jsonl")
	for range 2 { // the second replaces the first
		paths, err := Write(dir, f, Formats...)
		if err != nil {
			t.Fatal(err)
		}
		want := []string{filepath.Join(dir, "report.html"), filepath.Join(dir, "junit.xml"), filepath.Join(dir, "summary.md"), filepath.Join(dir, "findings.md"), filepath.Join(dir, "run.ktap"), filepath.Join(dir, "kcidb.json")}
		if diff := cmp.Diff(want, paths); diff != "" {
			t.Error(diff)
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != len(Formats) {
		t.Errorf("files: %v", files)
	}
}

func TestReportsAreDeterministic(t *testing.T) {
	for _, format := range Formats {
		var first, second bytes.Buffer
		if err := format.write(&first, fixture(t, "full.jsonl"), DefaultOrigin); err != nil {
			t.Fatal(err)
		}
		if err := format.write(&second, fixture(t, "full.jsonl"), DefaultOrigin); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Errorf("%s: two reports of one run differ", format)
		}
	}
}

// TestOrderOfArrivalDoesNotShow turns the verdicts of a run around, as if other clones had been
// faster.
func TestOrderOfArrivalDoesNotShow(t *testing.T) {
	f := fixture(t, "full.jsonl")
	for _, format := range Formats {
		var forth, back bytes.Buffer
		if err := format.write(&forth, f, DefaultOrigin); err != nil {
			t.Fatal(err)
		}
		turned := *f
		turned.Verdicts = nil
		for i := len(f.Verdicts) - 1; i >= 0; i-- {
			turned.Verdicts = append(turned.Verdicts, f.Verdicts[i])
		}
		if err := format.write(&back, &turned, DefaultOrigin); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(forth.Bytes(), back.Bytes()) {
			t.Errorf("%s: the order of arrival shows", format)
		}
	}
}

func TestFormatNobodyKnows(t *testing.T) {
	dir := t.TempDir()
	_, err := Write(dir, fixture(t, "clean.jsonl"), "pdf")
	if err == nil || !strings.Contains(err.Error(), `unknown report format "pdf"; there are html, junit, markdown, findings`) {
		t.Errorf("got %v", err)
	}
	if files, _ := os.ReadDir(dir); len(files) != 0 {
		t.Errorf("files: %v", files)
	}
}

func TestFolderThatCannotBeMade(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Write(filepath.Join(file, "out"), fixture(t, "clean.jsonl"), HTML); err == nil {
		t.Error("no error")
	}
}

// TestFailedReportLeavesTheOldOne puts a folder where the report should be: the rename fails, and
// no temporary file stays.
func TestFailedReportLeavesTheOldOne(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "summary.md", "old"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Write(dir, fixture(t, "clean.jsonl"), Markdown); err == nil {
		t.Error("no error")
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("files: %v", files)
	}
}

func TestMarkdown(t *testing.T) {
	for _, name := range []string{"full", "torn", "clean", "stale", "unproved"} {
		var b bytes.Buffer
		if err := writeMarkdown(&b, fixture(t, name+".jsonl")); err != nil {
			t.Fatal(err)
		}
		golden(t, name+".summary.md", b.Bytes())
	}
}

func TestFindings(t *testing.T) {
	for _, name := range []string{"full", "clean"} {
		var b bytes.Buffer
		if err := writeShortfalls(&b, fixture(t, name+".jsonl")); err != nil {
			t.Fatal(err)
		}
		golden(t, name+".findings.md", b.Bytes())
	}
}

func TestMarkdownSaysNothingButTheText(t *testing.T) {
	tests := map[string]string{
		"plain (text): 46/46":    "plain (text): 46/46",
		"a|b":                    `a\|b`,
		"<b> & `x` *y* [z](u)":   "\\<b\\> \\& \\`x\\` \\*y\\* \\[z\\](u)",
		"two\nlines\x1b[2J":      `two lines\\x1b\[2J`,
		"@someone #7 ~x~ \\ a_b": `\@someone \#7 \~x\~ \\ a\_b`,
	}
	for in, want := range tests {
		if got := markdown(in); got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
}

// TestGuestCannotWriteMarkup looks for what a guest sent in every format, outside of what the
// format escapes.
func TestGuestCannotWriteMarkup(t *testing.T) {
	for _, format := range Formats {
		var b bytes.Buffer
		if err := format.write(&b, fixture(t, "full.jsonl"), DefaultOrigin); err != nil {
			t.Fatal(err)
		}
		text := b.String()
		for _, bad := range []string{"<script>alert", "<img", "<yet>", "\x1b", "\x07", "\u202e"} {
			if format == KTAP && strings.HasPrefix(bad, "<") {
				continue // plain text, in which a line's end and # are what acts
			}
			if strings.Contains(text, bad) {
				t.Errorf("%s: %q is in it", format, bad)
			}
		}
		if format == HTML {
			data, _ := unpackPage(t, b.Bytes())
			text = strings.Join(data.Texts, "\n")
		}
		if !strings.Contains(text, "alert(") {
			t.Errorf("%s: what the guest sent is not shown", format)
		}
	}
}
