// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"strings"
	"testing"
)

// TestACellWithoutAPassIsNotClean looks for the cell, and for the word, in every report.
func TestACellWithoutAPassIsNotClean(t *testing.T) {
	f := fixture(t, "unproved.jsonl")
	var page, markdown, junit bytes.Buffer
	if err := writePage(&page, f); err != nil {
		t.Fatal(err)
	}
	if err := writeMarkdown(&markdown, f); err != nil {
		t.Fatal(err)
	}
	if err := writeJUnit(&junit, f); err != nil {
		t.Fatal(err)
	}
	const says = "no spec passed, so nothing is shown of the loader there: 2 refused"
	for name, tt := range map[string]struct{ text, word string }{
		"terminal": {string(terminal(t, f, Screen{})), "UNPROVED  libbpf@1.1 on 5.10"},
		"page":     {page.String(), `<span class="outcome bad">unproved</span>`},
		"summary":  {markdown.String(), "## loadstone: unproved"},
		"junit":    {junit.String(), `type="unproved"`},
	} {
		if !strings.Contains(tt.text, tt.word) || strings.Count(tt.text, says) != 1 {
			t.Errorf("%s lacks %q, or %q", name, tt.word, says)
		}
	}
}
