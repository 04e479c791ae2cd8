// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"testing"

	"github.com/loadstone-bpf/loadstone/oracle"
)

func TestOnNode(t *testing.T) {
	for _, tc := range []struct {
		name    string
		want    int
		nodes   []int
		matches bool
		failure string
	}{
		{"on the node", 1, []int{1}, true, ""},
		{"every page on the node", 1, []int{1, 1, 1}, true, ""},
		{"on no node, as wanted", oracle.NoNode, []int{oracle.NoNode}, true, ""},
		{"on no node", 0, []int{oracle.NoNode}, false, "expected  m on NUMA node 0\nseen      m on no NUMA node in particular"},
		{"one page elsewhere", 1, []int{1, 1, 0}, false, "expected  m on NUMA node 1\nseen      m on NUMA node 1, on NUMA node 0"},
		{"without pages", 0, nil, false, "expected  m on NUMA node 0\nseen      m nowhere"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := &onNode{name: "m", node: tc.want, where: func(*Attempt) []int { return tc.nodes }}
			matches, err := m.Match(&Attempt{})
			if err != nil || matches != tc.matches {
				t.Errorf("matches: %t, %v", matches, err)
			}
			if failure := m.FailureMessage(nil); !matches && failure != tc.failure {
				t.Errorf("got  %q\nwant %q", failure, tc.failure)
			}
		})
	}
}

func TestOnNodeWantsAnAttempt(t *testing.T) {
	if _, err := HaveOnNode("m", 0).Match("m"); err == nil {
		t.Error("a string was taken")
	}
}
