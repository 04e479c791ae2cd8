// SPDX-License-Identifier: Apache-2.0

// Command probe asks the kernel that it runs on for types of its own, for every type of map and of
// program, and for every helper in each type of program. It prints an answer a line:
//
//	release 6.12.118+deb13-cloud-amd64
//	+ map_type 27
//	- map_type 33
//	? helper 6 5 why it cannot be told
//
// Command floors runs it in guests. Read main.go.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/rlimit"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/oracle/need"
)

func main() {
	if err := ask(); err != nil {
		fmt.Fprintln(os.Stderr, "probe:", err)
		os.Exit(1)
	}
}

func ask() error {
	if err := rlimit.RemoveMemlock(); err != nil {
		return err
	}
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return err
	}
	out := bufio.NewWriter(os.Stdout)
	fmt.Fprintf(out, "release %s\n", unix.ByteSliceToString(name.Release[:]))
	for _, one := range questions() {
		has, err := need.Has(one...)
		words := strings.Join(one, " ")
		switch {
		case err != nil && errors.Is(err, need.ErrUnknown):
			return fmt.Errorf("%s: %w", words, err) // a fault of this program
		case err != nil:
			fmt.Fprintf(out, "? %s %s\n", words, strings.ReplaceAll(err.Error(), "\n", " "))
		case has:
			fmt.Fprintf(out, "+ %s\n", words)
		default:
			fmt.Fprintf(out, "- %s\n", words)
		}
	}
	return out.Flush()
}

// questions returns all that is asked, in the order of numbers. How many there are is known by the
// names that the ebpf library has for them.
func questions() [][]string {
	all := [][]string{{"kernel_btf"}}
	number := func(n int) string { return strconv.Itoa(n) }
	for t := 1; named(ebpf.MapType(t).String()); t++ {
		all = append(all, []string{"map_type", number(t)})
	}
	helpers := 0
	for f := 1; named(asm.BuiltinFunc(f).String()); f++ {
		all = append(all, []string{"helper_id", number(f)})
		helpers = f
	}
	for t := 1; named(ebpf.ProgramType(t).String()); t++ {
		all = append(all, []string{"program_type", number(t)})
		if !need.ProbesHelpers(ebpf.ProgramType(t)) {
			continue
		}
		for f := 1; f <= helpers; f++ {
			all = append(all, []string{"helper", number(t), number(f)})
		}
	}
	return all
}

// named reports whether a type has a name: stringer writes one without as "MapType(99)".
func named(name string) bool { return !strings.HasSuffix(name, ")") }
