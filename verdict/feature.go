// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/requirements"
)

const (
	// AnyFeature stands, in what a run requires, for every feature.
	AnyFeature = "all"

	// OtherFeature stands for what a spec lacked that was skipped for a reason in other words.
	OtherFeature = "other"

	// NotRun stands beside the features for specs that the expectations say not to run.
	NotRun = doNotRun
)

// symbolFeatures names what a kconfig symbol stands for, where there is a word for it. Any other
// symbol is its own word: "CONFIG_CGROUPS".
var symbolFeatures = map[string]string{
	"CONFIG_BPF_JIT": "jit", "CONFIG_BPF_LSM": "lsm", "CONFIG_DEBUG_INFO_BTF": "btf",
	"CONFIG_DEBUG_INFO_BTF_MODULES": "module-btf", "CONFIG_NUMA": "numa",
	"CONFIG_SCHED_CLASS_EXT": "sched-ext", "CONFIG_XDP_SOCKETS": "xsk",
}

// FeatureOf returns the one word for what a machine lacks: "btf", "numa", "bloom_filter",
// "CONFIG_CGROUPS", "kernel-5.16". What a spec finds out as it runs has its kind for a word.
func FeatureOf(l record.Lack) string {
	needs, _, _ := strings.Cut(l.Needs, " (") // the release that brought it
	_, notRelease := requirements.VersionOf(needs)
	switch kind := strings.ReplaceAll(strings.ToLower(l.Kind), " ", "-"); {
	case kind == "kconfig":
		return cmp.Or(symbolFeatures[needs], needs)
	case kind == "kernel" && notRelease == nil:
		return "kernel-" + needs
	case kind == "kernel":
		return "own-kernel"
	case kind == "numa-nodes":
		return "numa"
	case kind == "bpf" && needs == "tokens":
		return "token"
	case kind == "struct_ops" && needs == "links":
		return "struct_ops-links"
	case kind == "map-type", kind == "bpf", kind == "struct_ops" && !strings.Contains(needs, " "):
		return needs
	default:
		return kind
	}
}

// FeaturesOf returns the words, as those of [FeatureOf], for what a requirement says that its specs
// need, sorted.
func FeaturesOf(n requirements.Needs) []string {
	var lacks []record.Lack
	for _, symbol := range n.Kconfig {
		lacks = append(lacks, record.Lack{Kind: "kconfig", Needs: "CONFIG_" + symbol})
	}
	if n.NUMANodes > 1 {
		lacks = append(lacks, record.Lack{Kind: "NUMA nodes"})
	}
	probed := len(lacks)
	if n.MapType != "" {
		lacks = append(lacks, record.Lack{Kind: "map type", Needs: n.MapType})
	}
	if n.Token {
		lacks = append(lacks, record.Lack{Kind: "BPF", Needs: "tokens"})
	}
	if n.Freplace {
		lacks = append(lacks, record.Lack{Kind: "BPF", Needs: "freplace"})
	}
	if n.StructOps != "" {
		lacks = append(lacks, record.Lack{Kind: "struct_ops", Needs: n.StructOps})
	}
	if n.StructOpsLink {
		lacks = append(lacks, record.Lack{Kind: "struct_ops", Needs: "links"})
	}
	// A probe decides what can be probed, and not the version.
	if len(lacks) == probed && n.Kernel != (requirements.Version{}) {
		lacks = append(lacks, record.Lack{Kind: "kernel", Needs: n.Kernel.String()})
	}
	var words []string
	for _, l := range lacks {
		words = appendNew(words, FeatureOf(l))
	}
	slices.Sort(words)
	return words
}

// Lacks returns the word for what the machine lacked where the spec was skipped, "" for any other
// verdict.
func (v Verdict) Lacks() string {
	if v.Kind != Skip || v.Expectation != nil {
		return ""
	}
	l, ok := record.ParseLack(v.Reason)
	if !ok {
		return OtherFeature
	}
	return FeatureOf(l)
}

// An Untried holds how many specs were skipped for want of one thing.
type Untried struct {
	Feature string // as [FeatureOf] returns, or [NotRun]
	Specs   int    // in all cells
}

// Untried returns what the skipped specs of the run lacked, the most frequent first.
func (f *File) Untried() []Untried {
	specs := make(map[string]int)
	for _, v := range f.Verdicts {
		if lacks := v.Lacks(); lacks != "" {
			specs[lacks]++
		} else if v.Kind == Skip {
			specs[NotRun]++
		}
	}
	var all []Untried
	for _, feature := range slices.Sorted(maps.Keys(specs)) {
		all = append(all, Untried{feature, specs[feature]})
	}
	slices.SortStableFunc(all, func(a, b Untried) int { return b.Specs - a.Specs })
	return all
}

// Wanting returns, in a sentence for each feature and cell, the specs that were skipped for want of
// a feature that is required; [AnyFeature] requires all.
func Wanting(required []string, verdicts []Verdict) []string {
	type want struct{ feature, cell string }
	specs := make(map[want][]Verdict)
	var order []want
	for _, v := range verdicts {
		lacks := v.Lacks()
		if lacks == "" || !slices.Contains(required, lacks) && !slices.Contains(required, AnyFeature) {
			continue
		}
		at := want{lacks, v.Cell.String()}
		if specs[at] == nil {
			order = append(order, at)
		}
		specs[at] = append(specs[at], v)
	}
	slices.SortFunc(order, func(a, b want) int {
		return cmp.Or(strings.Compare(a.feature, b.feature), strings.Compare(a.cell, b.cell))
	})
	var wanting []string
	for _, at := range order {
		first := slices.MinFunc(specs[at], func(a, b Verdict) int { return strings.Compare(a.Spec, b.Spec) })
		wanting = append(wanting, fmt.Sprintf("%s is required, and %d specs of %s were skipped for want of it, such as %s (%s)",
			at.feature, len(specs[at]), at.cell, first.Spec, first.Reason))
	}
	return wanting
}
