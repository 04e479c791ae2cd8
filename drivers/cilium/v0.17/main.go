// SPDX-License-Identifier: Apache-2.0

// Command v0.17 is cilium/ebpf 0.17.3 as a process that speaks the loader protocol.
package main

import (
	"github.com/loadstone-bpf/loadstone/drivers/cilium"
	"github.com/loadstone-bpf/loadstone/loader"
)

func main() { loader.Main(cilium.New()) }
