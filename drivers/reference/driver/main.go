// SPDX-License-Identifier: Apache-2.0

// Command driver is the reference loader as a process that speaks the loader protocol.
package main

import (
	"github.com/loadstone-bpf/loadstone/drivers/reference"
	"github.com/loadstone-bpf/loadstone/loader"
)

func main() { loader.Main(reference.New()) }
