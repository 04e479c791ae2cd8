// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/suites/runner"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A person looks at a spec that does not pass before anything is given up, once, and at no other.
func TestAShellComesBeforeAnythingIsGivenUp(t *testing.T) {
	leaky := newFake(func(f *fakeLoader, req loader.Request) (loader.Reply, error) {
		if req.Op() == loader.OpClose || req.Op() == loader.OpReset {
			return &loader.OK{}, nil
		}
		return nil, nil
	})
	for name, tt := range map[string]struct {
		loader *fakeLoader
		body   func(*Session)
		want   []string // requests and the shell's records, in order
	}{
		"passes":  {newFake(nil), func(s *Session) { s.MustLoad(good).Close() }, nil},
		"refused": {claiming(loader.No, "not yet"), func(s *Session) { s.MustLoad(bad) }, nil},
		"fails": {newFake(nil), func(s *Session) { s.MustLoad(good); s.MustLoad(bad) },
			[]string{"hello", "open", "load", "open", "begins", "out", "exit status 0", "close", "reset", "bye"}},
		"breaks": {newFake(nil), func(s *Session) { s.MustLoad(good); s.MustWork(errors.New("no such device")) },
			[]string{"hello", "open", "load", "begins", "out", "exit status 0", "close", "reset", "bye"}},
		"leaves something": {leaky, loadsGood,
			[]string{"hello", "open", "load", "close", "reset", "begins", "out", "exit status 0", "bye"}},
	} {
		t.Run(name, func(t *testing.T) {
			held := 0
			shell := func(said func(stdout, stderr []byte)) string {
				held = len(tt.loader.maps)
				said([]byte("out"), nil)
				return "exit status 0"
			}
			r := carryWith(t, t.Context(), tt.loader, func(_ *record.Order, d *runner.Deps) { d.Shell = shell },
				spec{id: "fake.first", body: tt.body})
			for session := range leaky.maps {
				leaky.close(session)
			}
			var got []string
			looked := false
			for _, rec := range r.records {
				switch rec := rec.(type) {
				case record.Step:
					_, op, _ := strings.Cut(string(rec.Request), `"op":"`)
					op, _, _ = strings.Cut(op, `"`)
					got = append(got, op)
				case record.Shell:
					looked = true
					if rec.Begins {
						got = append(got, "begins")
					}
					if words := string(rec.Stdout) + rec.Ended; words != "" {
						got = append(got, words)
					}
				}
			}
			if tt.want == nil {
				if looked {
					t.Errorf("a shell at a spec that %s", name)
				}
				return
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if held != 1 {
				t.Errorf("the loader holds %d maps while a person looks", held)
			}
		})
	}
}
