// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"strings"
	"testing"
)

// What a guest says makes no command of its own: each line is one of ours, and whole.
func TestAnnotations(t *testing.T) {
	var b bytes.Buffer
	if err := Annotations(&b, fixture(t, "full.jsonl")); err != nil {
		t.Fatal(err)
	}
	count := make(map[string]int)
	for line := range strings.Lines(b.String()) {
		kind, rest, _ := strings.Cut(strings.TrimPrefix(line, "::"), " title=")
		count[kind]++
		if !strings.HasPrefix(line, "::") || strings.Count(rest, "::") == 0 || strings.ContainsAny(strings.TrimSuffix(line, "\n"), "\r\x1b\x07") {
			t.Errorf("%q", line)
		}
	}
	if count["error"] == 0 || count["warning"] == 0 || count["notice"] == 0 || len(count) != 3 {
		t.Errorf("%v:\n%s", count, b.String())
	}
	for kind, n := range count {
		if n > annotated {
			t.Errorf("%d of %s", n, kind)
		}
	}
	if got := annotationTitle("a: 100%, b\n::error::x"); got != "a%3A 100%25%2C b%0A%3A%3Aerror%3A%3Ax" {
		t.Errorf("a title is %q", got)
	}
	b.Reset()
	if err := Annotations(&b, fixture(t, "clean.jsonl")); err != nil || b.Len() > 0 && strings.Contains(b.String(), "::error title=mapdefs") {
		t.Errorf("%v: %s", err, b.String())
	}
}
