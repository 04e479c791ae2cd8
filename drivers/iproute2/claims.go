// SPDX-License-Identifier: Apache-2.0

package iproute2

import (
	"maps"

	"github.com/loadstone-bpf/loadstone/drivers/command"
	"github.com/loadstone-bpf/loadstone/loader"
)

// usedByOne limits every claim below.
const usedByOne = "of objects with one program; a map that it does not use is gone when the command ends"

// claimsOf returns what iproute2 says of itself, in its documentation and its sources, by the
// libbpf that it was built with; none, if that is empty.
func claimsOf(libbpf string) map[loader.Feature]loader.Claim {
	claims := command.Claims()
	maps.Copy(claims, map[loader.Feature]loader.Claim{
		loader.MapCreate:  {Support: loader.No, Reason: "maps come from objects only"},
		loader.StaticLink: {Support: loader.No, Reason: "there is no linker"},
		loader.StructOps: {Support: loader.No,
			Reason: "classifiers, actions and XDP programs only"},
		loader.XDPAttach: {Support: loader.No,
			Reason: "ip link set xdp does; this driver attaches to a device of its own"},
	})
	switch {
	case libbpf == "":
		claimBuiltin(claims)
	case command.BeforeLibbpf1(libbpf):
		claimLibbpf(claims)
		claims[loader.LegacyMaps] = loader.Claim{Support: loader.Partial, Reason: usedByOne}
		claims[loader.Iproute2Maps] = loader.Claim{Support: loader.Partial, Reason: usedByOne}
	default:
		claimLibbpf(claims)
		claims[loader.LegacyMaps] = loader.Claim{Support: loader.No,
			Reason: command.LegacyDropped + ", and there is no way back to the loader of iproute2's own"}
		claims[loader.Iproute2Maps] = claims[loader.LegacyMaps]
	}
	return claims
}

// claimLibbpf adds the claims that come from any libbpf (lib/bpf_libbpf.c).
func claimLibbpf(claims map[loader.Feature]loader.Claim) {
	for _, feature := range []loader.Feature{loader.BTFMaps, loader.NUMA, loader.MapInMap,
		loader.GlobalData, loader.CORE, loader.Kconfig, loader.Ksyms, loader.Metadata} {
		claims[feature] = loader.Claim{Support: loader.Partial, Reason: usedByOne}
	}
	claims[loader.Pinning] = loader.Claim{Support: loader.Partial,
		Reason: "by name, in MOUNT/tc/globals; " + usedByOne}
	claims[loader.IgnoreUnknown] = loader.Claim{Support: loader.No,
		Reason: "that is no option: they are always ignored (relaxed_maps)"}
}

// claimBuiltin adds the claims of iproute2's own loader (lib/bpf_legacy.c).
func claimBuiltin(claims map[loader.Feature]loader.Claim) {
	claims[loader.Iproute2Maps] = loader.Claim{Support: loader.Partial,
		Reason: "this driver loads no programs of routes, whose pins are below ip; " + usedByOne}
	claims[loader.LegacyMaps] = loader.Claim{Support: loader.Partial,
		Reason: "bpf_map_def is read as a bpf_elf_map that ends early; " + usedByOne}
	claims[loader.Pinning] = loader.Claim{Support: loader.Partial,
		Reason: "as bpf_elf_map says; " + usedByOne}
	claims[loader.MapInMap] = loader.Claim{Support: loader.Partial,
		Reason: "by inner_id and inner_idx; " + usedByOne}
	for feature, reason := range map[loader.Feature]string{
		loader.BTFMaps: "section .maps is not read", loader.NUMA: "bpf_elf_map has no such field",
		loader.GlobalData:    "maps and functions are relocated, nothing else",
		loader.CORE:          "maps and functions are relocated, nothing else",
		loader.Kconfig:       "maps and functions are relocated, nothing else",
		loader.Ksyms:         "maps and functions are relocated, nothing else",
		loader.Metadata:      "there is no global data",
		loader.IgnoreUnknown: "section .maps is not read",
	} {
		claims[feature] = loader.Claim{Support: loader.No, Reason: reason}
	}
}
