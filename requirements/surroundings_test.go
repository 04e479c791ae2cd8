// SPDX-License-Identifier: Apache-2.0

package requirements

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func TestSurroundingsOfVariants(t *testing.T) {
	const text = `
- id: area.one
  must: It does one thing.
  profiles: [btf-maps]
  surroundings: {user: 65534, caps: [bpf], bpffs: read-only, memlock: 4096}
  variants:
    none: {surroundings: {user: 65534, caps: []}}
    root: {surroundings: {}}
    newer: {kernel: "5.16"}
  sources: [{kind: ours, reason: It is right.}]

- id: area.two
  must: It does another.
  profiles: [btf-maps]
  sources: [{kind: ours, reason: It is right.}]
`
	set, err := Parse(fstest.MapFS{"area.yaml": {Data: []byte(text)}})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, id := range []string{
		"area.one", "area.one/none", "area.one/root", "area.one/newer", "area.one/other", "area.two",
	} {
		r, _ := set.ForSpec(id)
		got[id] = r.SurroundingsOf(id).String()
	}
	const all = "user 65534, CAP_BPF, bpffs read-only, RLIMIT_MEMLOCK 4096"
	want := map[string]string{
		"area.one": all, "area.one/none": "user 65534, no capability", "area.one/root": "",
		"area.one/newer": all, "area.one/other": all, "area.two": "",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSurroundingsThatMakeNoSense(t *testing.T) {
	const place = "area.yaml:1: area.one: surroundings: "
	for _, tc := range []struct{ name, yaml, want string }{
		{
			"unknown key", "surroundings: {cap: [bpf]}",
			`area.yaml:5: unknown key "cap", have user, caps, bpffs, delegate, memlock, process`,
		},
		{
			"unknown key of a variant", "variants: {a: {surroundings: {uid: 1}}}",
			`area.yaml:5: unknown key "uid", have user, caps, bpffs, delegate, memlock, process`,
		},
		{"capability", "surroundings: {caps: [CAP_BPF]}", place + `unknown capability "CAP_BPF"`},
		{"order", "surroundings: {caps: [perfmon, bpf]}", place + "capabilities are not sorted"},
		{"negative user", "surroundings: {user: -1, caps: []}", place + "user -1 is negative"},
		{
			"user without capabilities said", "surroundings: {user: 1}",
			place + "a user other than root has the capabilities that caps says: caps: [] for none",
		},
		{
			"unknown key of a delegation", "surroundings: {user: 1, delegate: {maps: any, links: any}}",
			`area.yaml:5: unknown key "links", have cmds, maps, progs, attachs`,
		},
		{
			"root of a namespace of root's", "surroundings: {delegate: {}}",
			place + "delegate wants a user other than root, who has no capability outside of the " +
				"namespace and a bpffs of its own",
		},
		{
			"bpffs", "surroundings: {bpffs: ro}",
			place + `bpffs "ro" is neither read-only nor foreign`,
		},
		{
			"root in another's folder", "surroundings: {bpffs: foreign}",
			place + "root may write to any folder: bpffs foreign wants another user",
		},
		{
			"of a variant", "variants: {a: {surroundings: {user: 1}}}",
			"area.yaml:1: area.one/a: surroundings: a user other than root has the capabilities " +
				"that caps says: caps: [] for none",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text := entryWith("area.one", must, forNUMA, source, tc.yaml)
			_, err := Parse(fstest.MapFS{"area.yaml": {Data: []byte(text)}})
			if err == nil {
				t.Fatal("no mistake is reported")
			}
			if diff := cmp.Diff(tc.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
