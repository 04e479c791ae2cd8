// SPDX-License-Identifier: Apache-2.0

// Command driver is the cilium driver with a fault in it.
package main

import (
	"github.com/loadstone-bpf/loadstone/drivers/cilium"
	"github.com/loadstone-bpf/loadstone/drivers/faults"
)

func main() { faults.Main(cilium.New()) }
