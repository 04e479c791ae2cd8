// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/loadstone-bpf/loadstone/verdict"
)

// The page and the summary end with the same claims.
func TestReportsEndWithTheClaim(t *testing.T) {
	f := fixture(t, "full.jsonl")
	claim, err := verdict.MakeClaim(verdict.LoaderVersion{Loader: "libbpf", Version: "1.1"}, f)
	if err != nil {
		t.Fatal(err)
	}
	for format, after := range map[Format]string{HTML: `id="list"`, Markdown: "Not as it should be"} {
		var b bytes.Buffer
		if err := format.write(&b, f, DefaultOrigin); err != nil {
			t.Fatal(err)
		}
		text := b.String()
		at := strings.LastIndex(text, "Claims")
		if at < strings.Index(text, after) || strings.Contains(text[at:], after) {
			t.Errorf("%s: the claims do not come last", format)
			continue
		}
		for _, want := range []string{claim.Digest, "6 of 9", "no claim: not every verdict is on the loader: 2 are broken or missing"} {
			if !strings.Contains(text[at:], want) {
				t.Errorf("%s: no %q in %s", format, want, text[at:])
			}
		}
	}
}

// A loader's name is text in the table of claims, whatever it is.
func TestClaimsOfHostileNames(t *testing.T) {
	f := fixture(t, "clean.jsonl")
	for i := range f.Verdicts {
		f.Verdicts[i].Loader = "<script>alert(1)</script>\n| x |\x1b[2J"
	}
	var page, summary bytes.Buffer
	if err := writePage(&page, f); err != nil {
		t.Fatal(err)
	}
	writeMarkdownClaims(&summary, f)
	if strings.Contains(page.String(), "<script>alert") || strings.ContainsAny(page.String(), "\x1b") {
		t.Error("the page holds a loader's script")
	}
	rows := strings.Count(summary.String(), "\n")
	if want := 6; rows != want || strings.Contains(summary.String(), "<script>") || strings.Contains(summary.String(), "\x1b") {
		t.Errorf("%d lines, want %d: %s", rows, want, summary.String())
	}
}

func TestCheckedClaimsStayOnTheirLines(t *testing.T) {
	var b bytes.Buffer
	check := verdict.ClaimCheck{Differences: []verdict.Difference{{Field: "profiles[a\n\x1b[2J].must.met", Claim: "1", Runs: "2"}}}
	if err := CheckedClaim(&b, "a.json", check, Screen{}); err != nil {
		t.Fatal(err)
	}
	const want = "DOES NOT HOLD  a.json: 1 difference\n  profiles[a \\x1b[2J].must.met: the claim says 1, the runs say 2\n"
	if b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 14090: "14,090", 1234567: "1,234,567"} {
		if got := thousands(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}
