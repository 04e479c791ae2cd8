// SPDX-License-Identifier: Apache-2.0

package requirements

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Needs says what a kernel must have for a requirement to make sense on it. The zero value needs
// nothing.
//
// A probe decides what can be probed, and the version only contradicts it: a probe that does not
// find what it looks for on a kernel that is not older than Kernel is a mistake of ours or of the
// kernel, and never a skip.
type Needs struct {
	Kernel    Version  `yaml:"kernel"`     // the release that introduced it; zero for any
	Kconfig   []string `yaml:"kconfig"`    // symbols without CONFIG_ that must be y or m, sorted
	MapType   string   `yaml:"map_type"`   // probed: a map type without BPF_MAP_TYPE_, lower case
	NUMANodes int      `yaml:"numa_nodes"` // at least this many nodes are online

	StructOps     string `yaml:"struct_ops"`      // probed: a structure, such as tcp_congestion_ops
	StructOpsLink bool   `yaml:"struct_ops_link"` // probed: links register structures
	Token         bool   `yaml:"token"`           // probed: BPF tokens
	Freplace      bool   `yaml:"freplace"`        // probed: extension programs
}

// And returns what n and m need together: the later kernel, both kconfigs, the more nodes, and m's
// map type and structure if it has them.
func (n Needs) And(m Needs) Needs {
	both := Needs{
		Kernel:    n.Kernel,
		MapType:   n.MapType,
		NUMANodes: max(n.NUMANodes, m.NUMANodes),

		StructOps:     cmp.Or(m.StructOps, n.StructOps),
		StructOpsLink: n.StructOpsLink || m.StructOpsLink,
		Token:         n.Token || m.Token,
		Freplace:      n.Freplace || m.Freplace,
	}
	if both.Kernel.Less(m.Kernel) {
		both.Kernel = m.Kernel
	}
	if m.MapType != "" {
		both.MapType = m.MapType
	}
	if len(n.Kconfig)+len(m.Kconfig) > 0 {
		both.Kconfig = slices.Concat(n.Kconfig, m.Kconfig)
		slices.Sort(both.Kconfig)
		both.Kconfig = slices.Compact(both.Kconfig)
	}
	return both
}

// String returns the needs in one line, such as "kernel 5.16, bloom_filter maps, CONFIG_NET", or ""
// for none.
func (n Needs) String() string {
	var words []string
	if n.Kernel != (Version{}) {
		words = append(words, "kernel "+n.Kernel.String())
	}
	if n.MapType != "" {
		words = append(words, n.MapType+" maps")
	}
	if n.StructOps != "" {
		words = append(words, "struct_ops "+n.StructOps)
	}
	if n.StructOpsLink {
		words = append(words, "struct_ops links")
	}
	if n.Token {
		words = append(words, "BPF tokens")
	}
	if n.Freplace {
		words = append(words, "extension programs")
	}
	for _, symbol := range n.Kconfig {
		words = append(words, "CONFIG_"+symbol)
	}
	if n.NUMANodes > 1 {
		words = append(words, fmt.Sprintf("%d NUMA nodes", n.NUMANodes))
	}
	return strings.Join(words, ", ")
}

// Version holds a kernel's major and minor number. It is not a semantic version: distributions
// append what they like.
type Version struct{ Major, Minor int }

// Less reports whether v is older than w.
func (v Version) Less(w Version) bool {
	return v.Major < w.Major || v.Major == w.Major && v.Minor < w.Minor
}

// String returns the version as in "5.16", or "" for the zero Version.
func (v Version) String() string {
	if v == (Version{}) {
		return ""
	}
	return fmt.Sprintf("%d.%d", v.Major, v.Minor)
}

// VersionOf reads the version at the start of a kernel release (uname -r), such as
// "6.12.0-160000.9-default" or "7.0-rc3+".
func VersionOf(release string) (Version, error) {
	major, rest, found := strings.Cut(release, ".")
	end := 0
	for end < len(rest) && rest[end] >= '0' && rest[end] <= '9' {
		end++
	}
	noVersion := fmt.Errorf("kernel release %q does not start with a version such as 5.16", release)
	if !found || end == 0 {
		return Version{}, noVersion
	}
	var v Version
	var err error
	if v.Major, err = strconv.Atoi(major); err != nil || v.Major <= 0 {
		return Version{}, noVersion
	}
	if v.Minor, err = strconv.Atoi(rest[:end]); err != nil {
		err = fmt.Errorf("kernel release %q: minor version %q is out of range", release, rest[:end])
		return Version{}, err
	}
	return v, nil
}
