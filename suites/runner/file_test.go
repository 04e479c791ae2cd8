// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"strings"
	"testing"

	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/suites/runner"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// What the loader is given is sent before it is asked to read it, whole, and only where the order
// says so.
func TestFilesAreSentBeforeTheyAreRead(t *testing.T) {
	large := strings.Repeat("x", record.MaxPart+1)
	body := func(s *Session) {
		s.MustLoad(good).Close()
		s.PutFile(s.Work()+"/types.btf", []byte(large))
		s.PutFile(s.Work()+"/huge.btf", make([]byte, runner.MaxFiles))
	}
	for _, wanted := range []bool{true, false} {
		r := carryWith(t, t.Context(), newFake(nil), func(o *record.Order, _ *runner.Deps) { o.Files = wanted },
			spec{id: "fake.first", body: body})
		held, sizes, opened := make(map[string]string), make(map[string]int), false
		for _, rec := range r.records {
			switch rec := rec.(type) {
			case record.Step:
				opened = opened || strings.Contains(string(rec.Request), `"op":"open"`)
			case record.File:
				if opened && strings.HasSuffix(rec.Path, "/good.bpf.o") {
					t.Errorf("%s comes after the request that names it", rec.Path)
				}
				if rec.Offset != len(held[rec.Path]) || rec.Spec != "fake.first" {
					t.Errorf("%s: %s goes on at %d, it had %d", rec.Spec, rec.Path, rec.Offset, len(held[rec.Path]))
				}
				held[rec.Path] += string(rec.Data)
				sizes[rec.Path] = rec.Size
			}
		}
		want := map[string]string{"s1/good.bpf.o": string(good), "types.btf": large, "huge.btf": ""}
		if !wanted {
			want = nil
		}
		if len(held) != len(want) {
			t.Errorf("%d files were sent, want %d", len(held), len(want))
		}
		for path, data := range held {
			_, name, _ := strings.Cut(path, "/work/1/")
			if text, known := want[name]; !known || text != data {
				t.Errorf("%s: %d bytes came, want %d (a file of the spec: %v)", path, len(data), len(text), known)
			}
			if name == "huge.btf" && sizes[path] != runner.MaxFiles {
				t.Errorf("%s is said to have %d bytes", path, sizes[path])
			}
		}
	}
}
