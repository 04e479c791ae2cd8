// SPDX-License-Identifier: Apache-2.0

// Command link links objects as loadstone link does, and has nothing else: what loadstone link
// takes beyond it is for the other commands of loadstone. Its first argument is the output.
//
// Read main.go.
package main

import (
	"fmt"
	"os"
	"runtime/debug"

	"github.com/loadstone-bpf/loadstone/loaderimpl"
)

func main() {
	debug.SetGCPercent(400)
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: link OUT OBJECT...")
		os.Exit(2)
	}
	if err := loaderimpl.Link(os.Args[1], os.Args[2:]...); err != nil {
		fmt.Fprintln(os.Stderr, "link:", err)
		os.Exit(1)
	}
}
