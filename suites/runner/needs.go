// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"fmt"

	"github.com/loadstone-bpf/loadstone/oracle"
	"github.com/loadstone-bpf/loadstone/requirements"
)

// checkNeeds ends the spec as skipped where the kernel lacks what the spec needs. Where there is a
// probe, the probe and kconfig decide, and the version only contradicts: a probe that finds nothing
// on a kernel new enough ends the spec as broken.
func (x *Execution) checkNeeds() {
	unmet, err := check(x.requirement.NeedsOf(x.spec.ID), kernelFacts{
		release:   x.run.kernel.Release,
		kconfig:   x.run.deps.Kconfig,
		mapType:   oracle.HasMapType,
		numaNodes: oracle.NUMANodes,
	})
	if err != nil {
		x.Broken("%v", err)
	}
	if unmet != (Lack{}) {
		x.Skip(unmet)
	}
}

// A Lack names what a machine has not, and a spec needs. Each of its words reads on from the one
// before: "map type: needs bloom_filter (5.16), has kernel 5.10.0".
type Lack struct{ Kind, Needs, Has string }

func (l Lack) String() string { return fmt.Sprintf("%s: needs %s, has %s", l.Kind, l.Needs, l.Has) }

// kernelFacts answers what is asked of a kernel.
type kernelFacts struct {
	release   string
	kconfig   func(symbol string) (value string, known bool, err error)
	mapType   func(name string) (bool, error)
	numaNodes func() (int, error)
}

// check returns what the kernel lacks of what is needed; zero for nothing. The error says that a
// probe did not work, or that it cannot be believed.
func check(needs requirements.Needs, kernel kernelFacts) (Lack, error) {
	for _, symbol := range needs.Kconfig {
		value, known, err := kernel.kconfig(symbol)
		if err != nil {
			return Lack{}, err
		}
		if known && value != "y" && value != "m" {
			return Lack{"kconfig", "CONFIG_" + symbol, orNot(value)}, nil
		}
	}
	version, err := requirements.VersionOf(kernel.release)
	if err != nil {
		return Lack{}, err
	}
	old := version.Less(needs.Kernel)
	switch {
	case needs.MapType != "":
		has, err := kernel.mapType(needs.MapType)
		if err != nil {
			return Lack{}, err
		}
		if !has && !old {
			return Lack{}, fmt.Errorf("a probe finds no %s maps, although kernel %s is not older than %s and nothing in its kconfig, as far as it is known, says so",
				needs.MapType, kernel.release, needs.Kernel)
		}
		if !has {
			return Lack{
				"map type", needs.MapType + " (" + needs.Kernel.String() + ")",
				"kernel " + kernel.release,
			}, nil
		}
	case old:
		return Lack{"kernel", needs.Kernel.String(), kernel.release}, nil
	}
	return checkNodes(needs, kernel)
}

func checkNodes(needs requirements.Needs, kernel kernelFacts) (Lack, error) {
	if needs.NUMANodes <= 1 {
		return Lack{}, nil
	}
	nodes, err := kernel.numaNodes()
	if err != nil {
		return Lack{}, err
	}
	if nodes < needs.NUMANodes {
		return Lack{"NUMA nodes", fmt.Sprint(needs.NUMANodes), fmt.Sprint(nodes)}, nil
	}
	return Lack{}, nil
}

func orNot(value string) string {
	if value == "" {
		return "it not set"
	}
	return value
}
