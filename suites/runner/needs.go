// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/loadstone-bpf/loadstone/oracle"
	"github.com/loadstone-bpf/loadstone/record"
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

		tokens:        oracle.HasTokens,
		extensions:    hasExtensions,
		structOps:     oracle.HasStructOps,
		structOpsLink: oracle.HasStructOpsLink,
	})
	if err != nil {
		x.Broken("%v", err)
	}
	if unmet != (Lack{}) {
		x.Skip(unmet)
	}
}

// hasExtensions asks the kernel once: the programs that the probe loads are freed late.
var hasExtensions = sync.OnceValues(oracle.HasExtensions)

// A Lack names what a machine has not, and a spec needs: see [record.Lack].
type Lack struct{ Kind, Needs, Has string }

func (l Lack) String() string { return record.Lack(l).String() }

// kernelFacts answers what is asked of a kernel.
type kernelFacts struct {
	release   string
	kconfig   func(symbol string) (value string, known bool, err error)
	mapType   func(name string) (bool, error)
	numaNodes func() (int, error)

	tokens        func() (bool, error)
	extensions    func() (bool, error)
	structOps     func(name string) (bool, error)
	structOpsLink func() (bool, error)
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
	probes := kernel.probes(needs)
	for _, p := range probes {
		has, err := p.has()
		if errors.Is(err, oracle.ErrForbidden) {
			return Lack{p.kind, p.name, "it forbidden on this machine"}, nil
		}
		if err != nil {
			return Lack{}, err
		}
		if !has && !old {
			return Lack{}, fmt.Errorf("a probe finds no %s, although kernel %s is not older than %s and nothing in its kconfig, as far as it is known, says so",
				p.finds, kernel.release, needs.Kernel)
		}
		if !has {
			return Lack{
				p.kind, p.name + " (" + needs.Kernel.String() + ")", "kernel " + kernel.release,
			}, nil
		}
	}
	if old && !slices.ContainsFunc(probes, func(p probe) bool { return !p.beside }) {
		return Lack{"kernel", needs.Kernel.String(), kernel.release}, nil
	}
	return checkNodes(needs, kernel)
}

// A probe asks a kernel for something that it may not have.
type probe struct {
	kind, name string // for a Lack
	finds      string // in words, more than one
	has        func() (bool, error)
	beside     bool // it asks for what is older than what the release brought, and is needed too
}

// probes returns what the kernel is asked for, beside its kconfig.
func (k kernelFacts) probes(needs requirements.Needs) []probe {
	var all []probe
	if needs.MapType != "" {
		all = append(all, probe{"map type", needs.MapType, needs.MapType + " maps",
			func() (bool, error) { return k.mapType(needs.MapType) }, false})
	}
	if needs.Token {
		all = append(all, probe{"BPF", "tokens", "BPF tokens", k.tokens, false})
	}
	if needs.Freplace {
		all = append(all, probe{"BPF", "freplace", "extension programs", k.extensions, true})
	}
	if needs.StructOps != "" {
		all = append(all, probe{"struct_ops", needs.StructOps, "struct_ops " + needs.StructOps,
			func() (bool, error) { return k.structOps(needs.StructOps) }, false})
	}
	if needs.StructOpsLink {
		all = append(all, probe{"struct_ops", "links", "links of struct_ops", k.structOpsLink, false})
	}
	return all
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
