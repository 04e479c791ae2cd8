// SPDX-License-Identifier: Apache-2.0

// Command driver is cilium/ebpf as a process that speaks the loader protocol.
package main

import (
	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"

	"github.com/loadstone-bpf/loadstone/drivers/cilium"
	"github.com/loadstone-bpf/loadstone/loader"
)

func main() {
	loader.Main(cilium.NewWith(cilium.Newer{
		StructOps: func(m *ebpf.Map) (link.Link, error) {
			return link.AttachStructOps(link.StructOpsOptions{Map: m})
		},
		ExtraTypes: func(o *ebpf.ProgramOptions, types []*btf.Spec) { o.ExtraRelocationTargets = types },
	}))
}
