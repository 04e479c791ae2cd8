// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/verdict"
)

// Files cost a guest something: those whose verdict counts send them, and no others.
func TestTrailsAreOfTheGuestThatCounts(t *testing.T) {
	for isolation, want := range map[Isolation]map[string]bool{
		Auto:   {"a.1 a.2 b.1": false, "a.2": true}, // in whatever order the first runs them
		BySpec: {"a.1": true, "a.2": true, "b.1": true},
		ByCell: {"a.1 a.2 b.1": true},
	} {
		t.Run(string(isolation), func(t *testing.T) {
			var mu sync.Mutex
			sent := make(map[string]bool)
			k := &fakeKernel{name: "6.12", own: true}
			k.run = func(order record.Order, hear func(verdict.Heard)) verdict.Ending {
				say := func(r record.Record) { hear(verdict.Heard{Record: r}) }
				say(record.Accepted{Specs: len(order.Specs)})
				if order.Watch {
					say(record.State{})
				}
				for _, id := range order.Specs {
					outcome := record.Passed
					if id == "a.2" {
						outcome = record.Failed
					}
					say(record.Begin{Spec: id})
					if order.Files {
						say(record.File{Spec: id, Path: "/" + id, Size: 1, Data: []byte("x")})
					}
					say(record.KernelLog{Spec: id})
					say(record.Finish{Spec: id, Outcome: outcome, Seen: "no"})
					if order.Watch {
						say(record.State{Spec: id})
					}
				}
				say(record.End{Specs: len(order.Specs)})
				return verdict.Ending{Cause: verdict.PoweredOff}
			}
			p := fakePlan(isolation, kernelFunc{k, func(order record.Order, _ Payload) {
				mu.Lock()
				defer mu.Unlock()
				specs := slices.Sorted(slices.Values(order.Specs))
				name := specs[0]
				for _, s := range specs[1:] {
					name += " " + s
				}
				sent[name] = order.Files
			}})
			var trails []string
			p.Trail = func(v verdict.Verdict, trail verdict.Trail) {
				trails = append(trails, v.Spec)
				if len(trail.Files) != 1 || trail.Files[0].Path != "/a.2" {
					t.Errorf("files %+v", trail.Files)
				}
			}
			c := &collector{t: t}
			if err := p.Do(context.Background(), c, c); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, sent); diff != "" {
				t.Errorf("guests that were told to send files (-want +got):\n%s", diff)
			}
			if !slices.Equal(trails, []string{"a.2"}) || c.kinds["a.2"] != verdict.Fail {
				t.Errorf("trails of %q, a.2 is %s", trails, c.kinds["a.2"])
			}
		})
	}
}
