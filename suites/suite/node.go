// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"fmt"
	"slices"
	"strings"

	"github.com/onsi/gomega/types"

	"github.com/loadstone-bpf/loadstone/oracle"
	"github.com/loadstone-bpf/loadstone/suites/phrase"
	"github.com/loadstone-bpf/loadstone/suites/runner"
)

// NeedsNoNode ends the spec as skipped on a machine that has that NUMA node: the spec is about a
// node that does not exist. A requirement can only say what the machine has to have.
func (s *Session) NeedsNoNode(node int) {
	there, err := oracle.HasNUMANode(node)
	if err != nil {
		s.exec.Broken("%v", err)
	}
	if there {
		s.exec.Skip(runner.Lack{
			Kind: "NUMA node", Needs: fmt.Sprintf("no node %d", node), Has: "one",
		})
	}
}

// NUMANode returns the node that the object's map of that name is on, or [oracle.NoNode], as the
// kernel has it; see [oracle.NUMANode].
func (a *Attempt) NUMANode(name string) int {
	id := a.MapID(name)
	node, err := oracle.NUMANode(id)
	a.session.mustExist(err, "map", name, id)
	return node
}

// PageNodes returns the nodes of the pages of the object's map of that name; see
// [oracle.PageNodes].
func (a *Attempt) PageNodes(name string) []int {
	id := a.MapID(name)
	nodes, err := oracle.PageNodes(id)
	a.session.mustExist(err, "map", name, id)
	return nodes
}

// HaveOnNode succeeds where the kernel has the object's map of that name on that node, or on none
// if the node is [oracle.NoNode].
func HaveOnNode(name string, node int) types.GomegaMatcher {
	return &onNode{
		name: name, node: node, where: func(a *Attempt) []int { return []int{a.NUMANode(name)} },
	}
}

// HavePagesOnNode succeeds where every page of the object's map of that name lies on that node.
func HavePagesOnNode(name string, node int) types.GomegaMatcher {
	return &onNode{
		name: "every page of " + name, node: node,
		where: func(a *Attempt) []int { return a.PageNodes(name) },
	}
}

type onNode struct {
	name  string // of what is to be there
	node  int
	where func(*Attempt) []int
	nodes []int // seen
}

func (m *onNode) Match(actual any) (bool, error) {
	a, err := attemptOf(actual)
	if err != nil {
		return false, err
	}
	m.nodes = m.where(a)
	return len(m.nodes) > 0 && !slices.ContainsFunc(m.nodes,
		func(node int) bool { return node != m.node }), nil
}

func (m *onNode) FailureMessage(any) string {
	return phrase.Failure(m.name+" "+onNodeInWords(m.node), m.name+" "+onNodesInWords(m.nodes))
}

func (m *onNode) NegatedFailureMessage(any) string {
	return phrase.Failure(m.name+" not "+onNodeInWords(m.node), m.name+" "+onNodeInWords(m.node))
}

func onNodeInWords(node int) string {
	if node == oracle.NoNode {
		return "on no NUMA node in particular"
	}
	return fmt.Sprintf("on NUMA node %d", node)
}

// onNodesInWords names each node once for each run of it.
func onNodesInWords(nodes []int) string {
	if len(nodes) == 0 {
		return "nowhere"
	}
	var words []string
	for _, node := range slices.Compact(slices.Clone(nodes)) {
		words = append(words, onNodeInWords(node))
	}
	return strings.Join(words, ", ")
}
