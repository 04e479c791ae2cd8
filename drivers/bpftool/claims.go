// SPDX-License-Identifier: Apache-2.0

package bpftool

import "github.com/loadstone-bpf/loadstone/loader"

// claimsOf are what bpftool says of itself, in its manual pages and its sources, by the libbpf that is built in.
func claimsOf(libbpf string) map[loader.Feature]loader.Claim {
	claims := map[loader.Feature]loader.Claim{
		loader.OneStep:         {Support: loader.Yes},
		loader.BTFMaps:         {Support: loader.Yes},
		loader.LegacyMaps:      {Support: loader.No, Reason: "libbpf 1.0 dropped them"},
		loader.Iproute2Maps:    {Support: loader.No, Reason: "libbpf does not know struct bpf_elf_map"},
		loader.CallbackMaps:    {Support: loader.No, Reason: "a command calls nobody back"},
		loader.ProgramHandlers: {Support: loader.No, Reason: "a command calls nobody back"},
		loader.Pinning:         {Support: loader.Partial, Reason: "map pin, prog pin, and map name NAME pinned FILE; no folder can be named for maps pinned by name"},
		loader.NUMA:            {Support: loader.Yes},
		loader.MapCreate:       {Support: loader.Yes},
		loader.MapInMap:        {Support: loader.Yes},
		loader.GlobalData:      {Support: loader.Yes},
		loader.Metadata:        {Support: loader.Yes},
		loader.StaticLink:      {Support: loader.Yes},
		loader.XDPChain:        {Support: loader.No, Reason: "an interface has one XDP program"},
		loader.StructOps:       {Support: loader.No, Reason: "struct_ops register; this driver does not run it"},
		loader.SplitBTF:        {Support: loader.No, Reason: "prog load has no option to give BTF"},
		loader.IgnoreUnknown:   {Support: loader.Partial, Reason: "--mapcompat; what was ignored is not reported"},
	}
	if isOld(libbpf) {
		claims[loader.LegacyMaps] = loader.Claim{Support: loader.Yes}
		claims[loader.StaticLink] = loader.Claim{Support: loader.No, Reason: "gen object is there since Linux 5.13"}
	}
	return claims
}
