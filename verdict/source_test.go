// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSourceIsReadAsItWasAtFirstToo(t *testing.T) {
	var got []Source
	text := `["parse_btf_map_def, -ENOTSUP", {"text":"libbpf: issue 531","url":"https://github.com/libbpf/libbpf/issues/531"}]`
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	want := []Source{
		{Text: "parse_btf_map_def, -ENOTSUP"},
		{Text: "libbpf: issue 531", URL: "https://github.com/libbpf/libbpf/issues/531"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, text := range []string{`7`, `["text"]`, `{"text":7}`} {
		if err := json.Unmarshal([]byte(text), new(Source)); err == nil {
			t.Errorf("%s is read as a source", text)
		}
	}
}
