// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	"fmt"
	"slices"
	"strings"
)

// Actions hold the verdicts of a program after which the next program of the chain is called, a bit
// for each, numbered as in enum xdp_action. After any other verdict the chain ends with it.
type Actions uint32

// verdicts name the verdicts of XDP, by their numbers.
var verdicts = []string{"aborted", "drop", "pass", "tx", "redirect"}

// defaultActions call the next program after XDP_PASS, as in libxdp.
const defaultActions Actions = 1 << 2

// emptySlot has the bit of the verdict that a slot without a program returns
// (XDP_DISPATCHER_RETVAL). The configuration has it for every slot; Actions never do.
const emptySlot = 1 << 31

// ParseActions returns the actions of those names: aborted, drop, pass, tx, redirect, in any case,
// with or without XDP_ before. The error wraps [ErrAction].
func ParseActions(names []string) (Actions, error) {
	var a Actions
	for _, name := range names {
		n := slices.Index(verdicts, strings.TrimPrefix(strings.ToLower(name), "xdp_"))
		if n < 0 {
			return 0, fmt.Errorf("%q: %w: they are %s", name, ErrAction, strings.Join(verdicts, ", "))
		}
		a |= 1 << n
	}
	return a, nil
}

// Names returns the verdicts' names, in the order of their numbers. A verdict that XDP does not
// have is a number.
func (a Actions) Names() []string {
	names := []string{}
	for n := range 32 {
		switch {
		case a&(1<<n) == 0:
		case n < len(verdicts):
			names = append(names, verdicts[n])
		default:
			names = append(names, fmt.Sprint(n))
		}
	}
	return names
}

// String returns the names with commas between, and "none" for none.
func (a Actions) String() string {
	if a == 0 {
		return "none"
	}
	return strings.Join(a.Names(), ",")
}
