// SPDX-License-Identifier: Apache-2.0

// Command driver is iproute2, built with libbpf, as a process that speaks the loader protocol.
package main

import (
	"github.com/loadstone-bpf/loadstone/drivers/iproute2"
	"github.com/loadstone-bpf/loadstone/loader"
)

func main() { loader.Main(iproute2.New()) }
