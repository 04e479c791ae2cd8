// SPDX-License-Identifier: Apache-2.0

// Command faultguest is a guest that goes wrong on order. The tests of package
// machine run it to see that each way to go wrong is told from all others, and
// that what the guest had said before is kept.
//
// Its order is the name of a fault, then its arguments.
//
// Read main.go, then right.go and wrong.go (what it can be ordered to do).
package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/loadstone-bpf/loadstone/vmtest/guest"
	"github.com/loadstone-bpf/loadstone/vmtest/guest/inkernel"
)

func main() { guest.Main(guest.Options{}, run) }

// fault describes one way to go wrong, or to go right for comparison. One that
// returns ends the guest in order if its error is nil.
type fault func(g *guest.Guest, arguments []string) error

var faults = map[string]fault{
	"none":       none,
	"payload":    payload,
	"unpack":     unpack,
	"random":     random,
	"orphans":    orphans,
	"kernel-log": kernelLog,
	"bulk":       bulk,
	"machine":    machine,

	"panic":         sysrq("c"),
	"reset":         sysrq("b"),
	"oops":          inKernel(inkernel.NullWrite),
	"hang-kernel":   inKernel(inkernel.HangWithoutInterrupts),
	"hang-user":     hangUser,
	"out-of-memory": outOfMemory,
	"exit":          exit,
	"go-panic":      goPanic,
	"power-off":     powerOff,
	"error":         failure,
	"large-record":  largeRecord,
	"garbage":       garbage,
	"half-record":   halfRecord,
	"flood-console": floodConsole,
	"chatter":       chatter,
}

// run says hello, so that each test sees whether what came before the fault
// is kept, and then goes wrong.
func run(g *guest.Guest) error {
	// To go wrong before there is an order: "faultguest.boot=NAME" on the
	// kernel's command line.
	if name := bootFault(); name != "" {
		return commit(g, name, nil)
	}
	order, err := g.WaitOrder()
	if err != nil {
		return err
	}
	words := strings.Fields(string(order))
	if len(words) == 0 {
		return fmt.Errorf("empty order")
	}
	if err := record(g, "hello", words[0]); err != nil {
		return err
	}
	return commit(g, words[0], words[1:])
}

func commit(g *guest.Guest, name string, arguments []string) error {
	f, ok := faults[name]
	if !ok {
		return fmt.Errorf("no fault %q, only %q", name, slices.Sorted(maps.Keys(faults)))
	}
	return f(g, arguments)
}

func bootFault() string {
	cmdline, err := os.ReadFile("/proc/cmdline")
	if err != nil {
		return ""
	}
	for _, argument := range strings.Fields(string(cmdline)) {
		if name, ok := strings.CutPrefix(argument, "faultguest.boot="); ok {
			return name
		}
	}
	return ""
}

// record writes a record of one member.
func record(g *guest.Guest, name string, value any) error {
	return json.NewEncoder(g.Records).Encode(map[string]any{name: value})
}
