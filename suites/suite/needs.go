// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"fmt"

	"github.com/loadstone-bpf/loadstone/oracle"
	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/requirements"
)

// checkNeeds ends the spec as skipped where the kernel lacks what the spec needs. What can be probed is decided by the probe and by kconfig; the
// version only contradicts: a probe that finds nothing on a kernel new enough ends the spec as broken.
func (s *Session) checkNeeds() {
	unmet, err := check(s.requirement.NeedsOf(s.spec.id), kernelFacts{
		release:   s.run.kernel.Release,
		kconfig:   s.run.deps.Kconfig,
		mapType:   oracle.HasMapType,
		numaNodes: oracle.NUMANodes,
	})
	if err != nil {
		s.broken("%v", err)
	}
	if unmet != (shortage{}) {
		s.end(ending{record.Skipped, unmet.String()})
	}
}

// shortage is what a kernel lacks.
type shortage struct{ kind, need, have string }

func (u shortage) String() string { return fmt.Sprintf("%s: needs %s, has %s", u.kind, u.need, u.have) }

// kernelFacts is what is asked of a kernel.
type kernelFacts struct {
	release   string
	kconfig   func(symbol string) (value string, known bool, err error)
	mapType   func(name string) (bool, error)
	numaNodes func() (int, error)
}

// check is what the kernel lacks of what is needed; zero for nothing. The error says that a probe did not work, or that it cannot be believed.
func check(needs requirements.Needs, kernel kernelFacts) (shortage, error) {
	for _, symbol := range needs.Kconfig {
		value, known, err := kernel.kconfig(symbol)
		if err != nil {
			return shortage{}, err
		}
		if known && value != "y" && value != "m" {
			return shortage{"kconfig", "CONFIG_" + symbol, orNot(value)}, nil
		}
	}
	version, err := requirements.VersionOf(kernel.release)
	if err != nil {
		return shortage{}, err
	}
	old := version.Less(needs.Kernel)
	switch {
	case needs.MapType != "":
		has, err := kernel.mapType(needs.MapType)
		if err != nil {
			return shortage{}, err
		}
		if !has && !old {
			return shortage{}, fmt.Errorf("a probe finds no %s maps, although kernel %s is not older than %s and nothing in its kconfig, as far as it is known, says so",
				needs.MapType, kernel.release, needs.Kernel)
		}
		if !has {
			return shortage{"map type", needs.MapType + " (" + needs.Kernel.String() + ")", "kernel " + kernel.release}, nil
		}
	case old:
		return shortage{"kernel", needs.Kernel.String(), kernel.release}, nil
	}
	return checkNodes(needs, kernel)
}

func checkNodes(needs requirements.Needs, kernel kernelFacts) (shortage, error) {
	if needs.NUMANodes <= 1 {
		return shortage{}, nil
	}
	nodes, err := kernel.numaNodes()
	if err != nil {
		return shortage{}, err
	}
	if nodes < needs.NUMANodes {
		return shortage{"NUMA nodes", fmt.Sprint(needs.NUMANodes), fmt.Sprint(nodes)}, nil
	}
	return shortage{}, nil
}

func orNot(value string) string {
	if value == "" {
		return "it not set"
	}
	return value
}
