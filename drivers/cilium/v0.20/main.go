// SPDX-License-Identifier: Apache-2.0

// Command v0.20 is cilium/ebpf 0.20.0 as a process that speaks the loader protocol.
package main

import (
	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/drivers/cilium"
	"github.com/loadstone-bpf/loadstone/loader"
)

func main() {
	loader.Main(cilium.NewWith(cilium.Newer{
		ExtraTypes: func(o *ebpf.ProgramOptions, types []*btf.Spec) { o.ExtraRelocationTargets = types },
	}))
}
