// SPDX-License-Identifier: Apache-2.0

package cilium

import (
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"strings"

	"github.com/loadstone-bpf/loadstone/loader"
)

const module = "github.com/cilium/ebpf"

func hello() (loader.Reply, error) {
	version, err := version()
	if err != nil {
		return nil, err
	}
	return &loader.OK{
		Loader: &loader.Identity{
			Name: "cilium", Version: version, Language: "go",
			Homepage: "https://ebpf-go.dev", Issues: "https://github.com/cilium/ebpf/issues",
			Components: map[string]string{module: "v" + version},
		},
		Features: claimsOf(version),
	}, nil
}

// claimsOf returns the claims of a version.
func claimsOf(version string) map[loader.Feature]loader.Claim {
	of := maps.Clone(claims)
	var minor int
	if _, err := fmt.Sscanf(version, "0.%d.", &minor); err != nil {
		return of
	}
	if minor < 21 {
		of[loader.StructOps] = loader.Claim{Support: loader.No,
			Reason: "link.AttachStructOps, and reading their sections, came with 0.21"}
	}
	if minor < 20 {
		of[loader.SplitBTF] = loader.Claim{Support: loader.No, Reason: noExtraTypes}
	}
	return of
}

// version returns the library's, as it was built in.
func version() (string, error) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "", errors.New("this program was built without module information")
	}
	for _, m := range info.Deps {
		if m.Path == module {
			if m.Replace != nil {
				m = m.Replace
			}
			return strings.TrimPrefix(m.Version, "v"), nil
		}
	}
	return "", errors.New("this program was built without " + module)
}

const noExtraTypes = "ProgramOptions.ExtraRelocationTargets came with 0.20"

// claims lists what the newest version of the library says of itself, in its documentation and its
// issues, where it says it.
var claims = map[loader.Feature]loader.Claim{
	loader.BTFMaps:    {Support: loader.Yes},
	loader.LegacyMaps: {Support: loader.Yes},
	loader.Iproute2Maps: {Support: loader.No,
		Reason: "bpf_elf_map is read, but its last fields are left to the caller, and a map that has any is not loaded",
		Issue:  "https://github.com/cilium/ebpf/issues/228"},
	loader.CallbackMaps: {Support: loader.No,
		Reason: "sections that are not understood are not handed to the caller"},
	loader.ProgramHandlers: {Support: loader.No,
		Reason: "a program in a section that is not known has no type, and the caller is not asked for it"},
	loader.Pinning: {Support: loader.Yes, Reason: "by name, in one folder"},
	loader.NUMA: {Support: loader.No,
		Reason: "numa_node in a BTF map definition is not known; MapSpec.NumaNode can be set"},
	loader.MapCreate:  {Support: loader.Yes},
	loader.MapInMap:   {Support: loader.Yes},
	loader.GlobalData: {Support: loader.Yes},
	loader.Kconfig: {Support: loader.Partial,
		Reason: "weak externs are refused, and there is no way to give text",
		Issue:  "https://github.com/cilium/ebpf/issues/698"},
	loader.Ksyms: {Support: loader.Partial,
		Reason: "variables with types came after 0.22"},
	loader.Unprivileged: {Support: loader.Yes},
	loader.BPFToken: {Support: loader.No,
		Reason: "from 0.21 on it looks for a bpffs that delegates something by itself, and cannot be told which, or none"},
	loader.Metadata: {Support: loader.No,
		Reason: "read-only data that no program refers to is not bound to programs"},
	loader.StaticLink: {Support: loader.No, Reason: "there is no linker",
		Issue: "https://github.com/cilium/ebpf/issues/1758"},
	loader.XDPAttach: {Support: loader.Partial,
		Reason: "by link; link.AttachXDP replaces nothing, and nothing attaches by netlink"},
	loader.XDPChain: {Support: loader.No, Reason: "there is no dispatcher"},
	loader.StructOps: {Support: loader.Partial,
		Reason: "section .struct_ops.link only; none is replaced, and none optional"},
	loader.CORE:      {Support: loader.Yes},
	loader.CustomBTF: {Support: loader.Yes, Reason: "ProgramOptions.KernelTypes"},
	loader.SplitBTF:  {Support: loader.Yes, Reason: "ProgramOptions.ExtraRelocationTargets"},
	loader.IgnoreUnknown: {Support: loader.No,
		Reason: "fields that are not known are always refused"},
}
