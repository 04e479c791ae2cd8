// SPDX-License-Identifier: Apache-2.0

package xdptools

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

var errStatus = errors.New("status cannot be read")

// A chain is the answer to a query about an interface, as docs/loader-protocol.md has it.
type chain struct {
	Mode       string      `json:"mode,omitempty"`
	Dispatcher uint32      `json:"dispatcher"`
	Programs   []component `json:"programs"`
}

type component struct {
	ID       uint32   `json:"id"`
	Name     string   `json:"name"`
	Tag      string   `json:"tag"`
	Priority int      `json:"priority"`
	Actions  []string `json:"actions"`
	Slot     int      `json:"slot"`
}

// parseStatus reads what status prints of one interface (iface_print_status, lib/util/util.c):
//
//	eth0                   xdp_dispatcher   native   50   d51e469e988d81da
//	 =>              50    xdp_drop                  55   57cd311f2e27366b  XDP_PASS,XDP_TX
//
// with other lines before, and no second kind of line where no chain runs.
func parseStatus(output string) (*chain, error) {
	c := &chain{Programs: []component{}}
	var main uint32
	for line := range strings.Lines(output) {
		words := strings.Fields(line)
		switch {
		case len(words) >= 5 && words[0] == "=>":
			p, err := parseComponent(words)
			if err != nil {
				return nil, fmt.Errorf("%w: %q: %w", errStatus, line, err)
			}
			p.Slot = len(c.Programs)
			c.Programs = append(c.Programs, p)
		case len(words) == 5 && (words[2] == "native" || words[2] == "skb"):
			id, err := strconv.ParseUint(words[3], 10, 32)
			if err != nil {
				return nil, fmt.Errorf("%w: %q: %w", errStatus, line, err)
			}
			c.Mode, main = words[2], uint32(id)
		}
	}
	if len(c.Programs) > 0 {
		c.Dispatcher = main
	}
	return c, nil
}

func parseComponent(words []string) (component, error) {
	priority, err := strconv.Atoi(words[1])
	if err != nil {
		return component{}, err
	}
	id, err := strconv.ParseUint(words[3], 10, 32)
	p := component{
		ID: uint32(id), Name: words[2], Tag: words[4], Priority: priority, Actions: []string{},
	}
	if len(words) > 5 {
		for action := range strings.SplitSeq(words[5], ",") {
			p.Actions = append(p.Actions, strings.ToLower(strings.TrimPrefix(action, "XDP_")))
		}
	}
	return p, err
}
