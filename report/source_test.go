// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/verdict"
)

func TestAddressOfASource(t *testing.T) {
	for text, want := range map[string]string{
		"https://lore.kernel.org/bpf/87d0gxpgjw.fsf@toke.dk/": "https://lore.kernel.org/bpf/87d0gxpgjw.fsf@toke.dk/",
		"https://example.org/a?h=v6.12":                       "https://example.org/a?h=v6.12",
		"https://example.org/a_(b)":                           "https://example.org/a_%28b%29",
		"https://example.org/\"><script>":                     "https://example.org/%22%3E%3Cscript%3E",
		"https://example.org/?\"><script>'`\\":                "https://example.org/?%22%3E%3Cscript%3E%27%60%5C",
		"https://example.org/\u202e":                          "https://example.org/%E2%80%AE",
		"https://example.org/?\u202e":                         "",
		"https://example.org/? x":                             "",
		"https://user@example.org/":                           "",
		"https:example.org":                                   "",
		"http://example.org/":                                 "",
		"javascript:alert(1)":                                 "",
		"file:///etc/passwd":                                  "",
		"/etc/passwd":                                         "",
		"https://example.org/\x00":                            "",
		"":                                                    "",
	} {
		if got := address(verdict.Source{Text: "x", URL: text}); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// TestRunFileWithSourcesAsText reads a run file as it was written when a source was text alone.
func TestRunFileWithSourcesAsText(t *testing.T) {
	now, err := os.ReadFile(filepath.Join("testdata", "full.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	then := regexp.MustCompile(`"source":\[\{.*?\}\]`).ReplaceAll(now, []byte(`"source":["seed 000; libbpf parse_btf_map_def, -ENOTSUP"]`))
	if bytes.Contains(then, []byte(fixtureSources[0].URL)) {
		t.Fatal("there are sources with a link left")
	}
	f, err := verdict.Read(bytes.NewReader(then))
	if err != nil {
		t.Fatal(err)
	}
	want := []verdict.Source{{Text: "seed 000; libbpf parse_btf_map_def, -ENOTSUP"}}
	for _, v := range f.Verdicts {
		if diff := cmp.Diff(want, v.Sources); diff != "" {
			t.Fatalf("%s: %s", v.Spec, diff)
		}
	}
	var screen bytes.Buffer
	if err := Terminal(&screen, f, Screen{}, ""); err != nil {
		t.Fatal(err)
	}
	paths, err := Write(t.TempDir(), f, Formats...)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{"terminal": screen.String()}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		texts[filepath.Base(path)] = strings.ReplaceAll(string(data), `\`, "")
	}
	data, _ := unpackPage(t, []byte(texts["report.html"]))
	texts["report.html"] = strings.Join(data.Texts, "\n")
	for name, text := range texts {
		if !strings.Contains(text, "seed 000; libbpf parse_btf_map_def, -ENOTSUP") {
			t.Errorf("%s does not have the source", name)
		}
	}
}
