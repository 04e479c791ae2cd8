// SPDX-License-Identifier: Apache-2.0

package reference

import (
	"runtime/debug"

	"github.com/loadstone-bpf/loadstone/loader"
)

// claims list what the loader can do. A feature that only some kernels have is claimed: the
// kernel's refusal is passed on.
var claims = map[loader.Feature]loader.Claim{
	loader.BTFMaps:         {Support: loader.Yes},
	loader.LegacyMaps:      {Support: loader.Yes},
	loader.IgnoreUnknown:   {Support: loader.Yes},
	loader.GlobalData:      {Support: loader.Yes},
	loader.Kconfig:         {Support: loader.Yes},
	loader.Ksyms:           {Support: loader.Yes},
	loader.NUMA:            {Support: loader.Yes},
	loader.MapInMap:        {Support: loader.Yes},
	loader.Pinning:         {Support: loader.Yes},
	loader.Iproute2Maps:    {Support: loader.Yes},
	loader.CallbackMaps:    {Support: loader.Yes},
	loader.ProgramHandlers: {Support: loader.Yes},
	loader.MapCreate:       {Support: loader.Yes},
	loader.StructOps:       {Support: loader.Yes},
	loader.Unprivileged:    {Support: loader.Yes},
	loader.BPFToken:        {Support: loader.Yes},
	loader.Metadata:        {Support: loader.Yes},
	loader.StaticLink:      {Support: loader.Yes},
	loader.XDPAttach:       {Support: loader.Yes},
	loader.XDPChain:        {Support: loader.Yes},
	loader.XDPLinkedChain:  {Support: loader.Yes},
	loader.CORE:            {Support: loader.Yes},
	loader.CustomBTF:       {Support: loader.Yes},
	loader.SplitBTF:        {Support: loader.Yes},
}

const notYet = "not there yet"

// version names the reference loader's version, as loader.yaml has it.
const version = "0.1"

// identity returns what the loader says of itself.
func identity() *loader.Identity {
	id := &loader.Identity{
		Name: "reference", Version: version, Language: "go",
		Homepage: "https://github.com/loadstone-bpf/loadstone", Components: map[string]string{},
	}
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return id
	}
	for _, dep := range build.Deps {
		if dep.Path == "github.com/cilium/ebpf" {
			id.Components["cilium/ebpf"] = dep.Version
		}
	}
	return id
}
