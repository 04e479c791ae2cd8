// SPDX-License-Identifier: Apache-2.0

// Command driver is xdp-loader as a process that speaks the loader protocol.
package main

import (
	"github.com/loadstone-bpf/loadstone/drivers/xdptools"
	"github.com/loadstone-bpf/loadstone/loader"
)

func main() { loader.Main(xdptools.New()) }
