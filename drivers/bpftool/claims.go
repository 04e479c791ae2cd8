// SPDX-License-Identifier: Apache-2.0

package bpftool

import (
	"fmt"
	"maps"

	"github.com/loadstone-bpf/loadstone/drivers/command"
	"github.com/loadstone-bpf/loadstone/loader"
)

// claimsOf returns what bpftool says of itself, in its manual pages and its sources, by the libbpf
// that is built in.
func claimsOf(version, libbpf string) map[loader.Feature]loader.Claim {
	claims := command.Claims()
	maps.Copy(claims, map[loader.Feature]loader.Claim{
		loader.BTFMaps:    {Support: loader.Yes},
		loader.LegacyMaps: {Support: loader.No, Reason: command.LegacyDropped},
		loader.Iproute2Maps: {Support: loader.No,
			Reason: "libbpf does not know struct bpf_elf_map"},
		loader.Pinning: {Support: loader.Partial,
			Reason: "map pin, prog pin, and map name NAME pinned FILE; no folder can be named for maps pinned by name"},
		loader.NUMA:       {Support: loader.Yes},
		loader.MapCreate:  {Support: loader.Yes},
		loader.MapInMap:   {Support: loader.Yes},
		loader.GlobalData: {Support: loader.Yes},
		loader.CORE:       {Support: loader.Yes},
		loader.Kconfig:    {Support: loader.Partial, Reason: command.NoKconfig},
		loader.Ksyms:      {Support: loader.Yes},
		loader.Metadata:   {Support: loader.Yes},
		loader.StaticLink: {Support: loader.Yes},
		loader.StructOps: {Support: loader.Partial, Reason: "struct_ops register loads an object " +
			"and registers all its structures; none is replaced, and no member set"},
		loader.XDPAttach: {Support: loader.Partial,
			Reason: "net attach, by netlink; it replaces no program that is expected"},
		loader.IgnoreUnknown: {Support: loader.Partial,
			Reason: "--mapcompat; what was ignored is not reported"},
	})
	if !pinsLinks(version) {
		claims[loader.StructOps] = loader.Claim{Support: loader.Partial,
			Reason: "section .struct_ops only; struct_ops register pins links since bpftool 7.2"}
	}
	if command.BeforeLibbpf1(libbpf) {
		claims[loader.LegacyMaps] = loader.Claim{Support: loader.Yes}
		claims[loader.StaticLink] = loader.Claim{Support: loader.No,
			Reason: "gen object is there since Linux 5.13"}
	}
	return claims
}

// pinsLinks reports whether struct_ops register takes a folder for links, as it does since Linux
// 6.4, with which bpftool 7.2 came (0232b7889786). A bpftool with the version of its kernel, as
// those before 7.0 have it, is older: 5.10.0.
func pinsLinks(version string) bool {
	var major, minor int
	if _, err := fmt.Sscanf(version, "%d.%d", &major, &minor); err != nil {
		return false
	}
	return major > 7 || major == 7 && minor >= 2
}
