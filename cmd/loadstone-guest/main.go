// SPDX-License-Identifier: Apache-2.0

// Command loadstone-guest runs specs. As PID 1 of a virtual machine it waits for one order, carries
// it out and ends the machine; on the host's own kernel it does the same as a process. It also
// prints its catalogue, from which the host knows what it can run.
//
// The command loadstone starts it; people do not.
//
// Read main.go, serve.go (as PID 1, from boot to power-off), watch.go (whether it is as it was),
// native.go (as a process), driver.go (how conversations with the loader begin), devices.go (what
// a driver finds in /dev).
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"

	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/suites/runner"
	"github.com/loadstone-bpf/loadstone/suites/runner/surround"
	"github.com/loadstone-bpf/loadstone/vmtest/guest"

	_ "github.com/loadstone-bpf/loadstone/suites/all"
)

func main() {
	surround.Enter()
	if os.Getpid() == 1 && !asKeeper(os.Args[1:]) {
		runtime.GOMAXPROCS(1)
		guest.Main(guest.Options{}, serve)
	}
	if err := command(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "loadstone-guest:", err)
		os.Exit(3)
	}
}

// asKeeper reports whether this is the first process of a PID namespace, and not of a machine. The
// kernel hands on words of its own command line to the latter.
func asKeeper(args []string) bool { return len(args) == 2 && args[0] == "keeper" }

var errUsage = errors.New("usage: loadstone-guest catalogue | run <order 3>records | driver NAME | keeper FOLDER; loadstone starts it")

func command(args []string) error {
	switch {
	case len(args) == 1 && args[0] == "catalogue":
		return printCatalogue()
	case len(args) == 1 && args[0] == "run":
		return native(context.Background())
	case len(args) == 2 && args[0] == "driver":
		return beDriver(args[1])
	case asKeeper(args):
		return surround.Keep(args[1])
	}
	return errUsage
}

// printCatalogue prints what can be ordered, a [record.Spec] a line. It fails where the catalogue
// breaks its rules.
func printCatalogue() error {
	entries, err := runner.Catalogue()
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(os.Stdout)
	for _, e := range entries {
		if err := encoder.Encode(record.Spec{ID: e.Spec, Requirement: e.Requirement, Suite: e.Suite, Place: e.Place}); err != nil {
			return err
		}
	}
	return nil
}
