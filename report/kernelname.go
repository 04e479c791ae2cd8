// SPDX-License-Identifier: Apache-2.0

package report

import (
	"slices"
	"strings"

	"github.com/loadstone-bpf/loadstone/verdict"
)

// kernelNames are what tables and findings call kernels. One that is named by the path of its image
// is called by as much of the path's end as no other kernel of the run shares; where a report lists
// the run's kernels, and in commands, paths are whole.
type kernelNames map[string]string

// shortKernels returns the names of kernels.
func shortKernels(kernels []string) kernelNames {
	short := make(kernelNames)
	for _, k := range kernels {
		short[k] = k
		if !strings.Contains(k, "/") {
			continue
		}
		parts := strings.Split(strings.TrimRight(k, "/"), "/")
		for n := 1; n < len(parts); n++ {
			end := strings.Join(parts[len(parts)-n:], "/")
			if !slices.ContainsFunc(kernels, func(other string) bool {
				return other != k && (other == end || strings.HasSuffix(other, "/"+end))
			}) {
				short[k] = end
				break
			}
		}
	}
	return short
}

// kernelsOf returns the names of a run's kernels.
func kernelsOf(f *verdict.File) kernelNames { return shortKernels(f.Matrix().Kernels) }

// of returns what a kernel is called.
func (n kernelNames) of(kernel string) string {
	if short, ok := n[kernel]; ok {
		return short
	}
	return kernel
}

// list returns what some kernels are called.
func (n kernelNames) list(kernels []string) string {
	var names []string
	for _, k := range kernels {
		names = append(names, n.of(k))
	}
	return strings.Join(names, ", ")
}

// paths returns the kernels that are called otherwise than they are named.
func (n kernelNames) paths(kernels []string) []string {
	return slices.DeleteFunc(slices.Clone(kernels), func(k string) bool { return n.of(k) == k })
}
