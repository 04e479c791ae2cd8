// SPDX-License-Identifier: Apache-2.0

// Command driver speaks the loader protocol for the loader that does nothing. The variable IDLE
// says how: it refuses everything with "refuse", and else says that it made what has that id, or,
// with 0, nothing.
package main

import (
	"fmt"
	"os"
	"strconv"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/mutants/idle"
)

func main() {
	how := os.Getenv("IDLE")
	if how == "refuse" {
		loader.Main(idle.Refusing())
	}
	id, err := strconv.ParseUint(how, 10, 32)
	if err != nil {
		fmt.Fprintln(os.Stderr, "IDLE:", err)
		os.Exit(1)
	}
	loader.Main(idle.New(uint32(id)))
}
