// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"testing"

	"github.com/cilium/ebpf"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/record"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// bareMap asks for a map without an object.
var bareMap = NewMap{
	Name: "m",
	Map: MapAttributes{
		Type: uint32(ebpf.Array), KeySize: 4, ValueSize: 8, MaxEntries: 1, MapExtra: 1,
	},
	InnerMap: "/t", Path: "/m",
}

// making returns a loader that makes a map without an object, and keeps it until it is reset.
func making(t *testing.T) *fakeLoader {
	return newFake(wrong(loader.OpCreate, func(f *fakeLoader, _ loader.Request) (loader.Reply, error) {
		m, err := ebpf.NewMap(&ebpf.MapSpec{
			Name: "m", Type: ebpf.Array, KeySize: 4, ValueSize: 8, MaxEntries: 1,
		})
		if err != nil {
			t.Fatal(err)
		}
		f.maps["created"] = m
		return &loader.OK{ID: idOf(m)}, nil
	}))
}

func answering(reply loader.Reply) *fakeLoader {
	return newFake(wrong(loader.OpCreate, says(reply, nil)))
}

func TestOutcomeOfAMapWithoutAnObject(t *testing.T) {
	mustCreate := func(s *Session) { s.MustCreate(bareMap) }
	for _, tc := range []struct {
		name   string
		loader *fakeLoader
		id     string // fake.first where it is ""
		body   func(*Session)
		want   record.Finish
	}{
		{
			name: "it is asked for by its name", loader: making(t),
			body: func(s *Session) {
				created := s.MustCreate(bareMap)
				Expect(created.Map("m").ValueSize).To(Equal(uint32(8)))
				Expect(created).To(BeOK())
			},
			want: record.Finish{Outcome: record.Passed},
		},
		{
			name: "it is asked for by another name", loader: making(t),
			body: func(s *Session) { s.MustCreate(bareMap).MapID("n") },
			want: record.Finish{
				Outcome: record.Broken, Reason: "the map that was asked for is m, not n",
			},
		},
		{
			name: "it is the control of a refusal", loader: making(t),
			body: func(s *Session) {
				mustCreate(s)
				Expect(s.Load(bad)).To(BeRejected(AtOpen, UnknownMapField))
			},
			want: record.Finish{Outcome: record.Passed},
		},
		{
			name: "a refusal without a control", loader: answering(&loader.Rejected{
				Stage: AtCreate, Class: Invalid,
			}),
			body: func(s *Session) { Expect(s.Create(bareMap)).To(BeRejected(AtCreate)) },
			want: record.Finish{
				Outcome: record.Broken, Reason: `the refusal of map "m" of type 2 has no control: load its well-formed twin first`,
			},
		},
		{
			name: "an id that the kernel does not have", loader: answering(&loader.OK{ID: 1 << 30}),
			body: mustCreate,
			want: record.Finish{
				Outcome:  record.Failed,
				Expected: "something in the kernel that was not there before the spec",
				Seen:     "nothing, and the loader says ok; map 1073741824",
			},
		},
		{
			name: "no id", loader: answering(&loader.OK{}), body: mustCreate,
			want: record.Finish{Outcome: record.Broken, Reason: "driver broke the schema (request 2, create): ok.id is missing in the answer to create"},
		},
		{
			name: "refused, claimed", loader: answering(&loader.Rejected{
				Stage: AtCreate, Class: Invalid,
			}), body: mustCreate,
			want: record.Finish{
				Outcome: record.Failed, Expected: `ok: map "m" of type 2 is made`,
				Seen: "rejected at load/create, class invalid",
			},
		},
		{
			name: "refused, not claimed", loader: answering(&loader.Unsupported{Feature: "create"}),
			id: "fake.legacy", body: mustCreate,
			want: record.Finish{
				Outcome: record.Refused,
				Reason:  "the loader does not claim legacy-maps: unsupported: create",
			},
		},
		{
			name:   "claimed, and no such operation",
			loader: answering(&loader.Unsupported{Feature: "create"}), body: mustCreate,
			want: record.Finish{
				Outcome: record.Failed, Expected: `ok: map "m" of type 2 is made`,
				Seen: "unsupported: create",
			},
		},
		{
			name:   "an attribute that it has no word for",
			loader: answering(&loader.Unsupported{Feature: "map_extra"}), body: mustCreate,
			want: record.Finish{
				Outcome: record.Refused,
				Reason:  "the loader has no such request: unsupported: map_extra",
			},
		},
		{
			name:   "no word for templates",
			loader: answering(&loader.Unsupported{Feature: "inner_map"}), body: mustCreate,
			want: record.Finish{
				Outcome: record.Refused,
				Reason:  "the loader has no such request: unsupported: inner_map",
			},
		},
		{
			name:   "no word for what was not asked for",
			loader: answering(&loader.Unsupported{Feature: "numa_node"}), body: mustCreate,
			want: record.Finish{
				Outcome: record.Failed, Expected: `ok: map "m" of type 2 is made`,
				Seen: "unsupported: numa_node",
			},
		},
		{
			name: "it dies of it", loader: newFake(wrong(loader.OpCreate, dies)), body: mustCreate,
			want: record.Finish{
				Outcome: record.Failed, Expected: "an answer to create",
				Seen: "the loader died: panic: gone",
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			id := "fake.first"
			if tc.id != "" {
				id = tc.id
			}
			tc.want.Spec = id
			got := carry(t, tc.loader, spec{id: id, body: tc.body}).finishes()[id]
			if diff := cmp.Diff(tc.want, got, cmpopts.IgnoreFields(record.Finish{}, "Duration", "Detail")); diff != "" {
				t.Errorf("%s\n%s", diff, got.Detail)
			}
		})
	}
}
