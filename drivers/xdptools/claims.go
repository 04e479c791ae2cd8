// SPDX-License-Identifier: Apache-2.0

package xdptools

import (
	"maps"

	"github.com/loadstone-bpf/loadstone/drivers/command"
	"github.com/loadstone-bpf/loadstone/loader"
)

// oneProgram limits the claims about what libbpf does for xdp-loader.
const oneProgram = "of objects with one program, of XDP; a map that it does not use is gone when the command ends"

// claims returns what xdp-loader says of itself, in its manual page and its sources. All versions
// have a libbpf from after 1.0.
func claims() map[loader.Feature]loader.Claim {
	all := command.Claims()
	for _, feature := range []loader.Feature{loader.BTFMaps, loader.NUMA, loader.MapInMap,
		loader.GlobalData, loader.CORE, loader.Kconfig, loader.Ksyms, loader.Metadata} {
		all[feature] = loader.Claim{Support: loader.Partial, Reason: oneProgram}
	}
	maps.Copy(all, map[loader.Feature]loader.Claim{
		loader.XDPAttach: {Support: loader.No,
			Reason: "a program that is loaded is attached, and there is no second step"},
		loader.XDPChain:      {Support: loader.Yes},
		loader.Pinning:       {Support: loader.Partial, Reason: "-p; " + oneProgram},
		loader.LegacyMaps:    {Support: loader.No, Reason: command.LegacyDropped},
		loader.Iproute2Maps:  {Support: loader.No, Reason: "libbpf does not know struct bpf_elf_map"},
		loader.MapCreate:     {Support: loader.No, Reason: "maps come from objects only"},
		loader.StaticLink:    {Support: loader.No, Reason: "there is no linker"},
		loader.StructOps:     {Support: loader.No, Reason: "XDP programs only"},
		loader.IgnoreUnknown: {Support: loader.No, Reason: "there is no option for it"},
	})
	return all
}
