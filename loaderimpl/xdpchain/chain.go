// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	"time"

	"github.com/cilium/ebpf"
)

// A Chain tells of the programs of an interface.
type Chain struct {
	Interface  string         `json:"interface"` // its name
	Index      int            `json:"ifindex"`
	Mode       string         `json:"mode"`       // "native" or "skb"
	By         string         `json:"by"`         // what attached it: "netlink", or "link"
	Dispatcher ebpf.ProgramID `json:"dispatcher"` // the program that the interface has
	Version    int            `json:"version"`    // of the dispatcher's configuration: 1, 2 or 3
	Frags      bool           `json:"frags"`      // packets of several buffers are taken
	DevBound   bool           `json:"dev_bound"`  // it is bound to the interface
	Static     bool           `json:"static"`     // one program, whose functions its programs are
	Programs   []Program      `json:"programs"`   // in the order in which they are called
}

// A Program tells of one program of a chain.
type Program struct {
	ID       ebpf.ProgramID `json:"id"`   // 0 in a static chain, or where it is not known
	Name     string         `json:"name"` // of its function, whole where its types have it
	Tag      string         `json:"tag"`
	Slot     int            `json:"slot"` // from 0
	Priority uint32         `json:"priority"`
	Actions  []string       `json:"actions"` // verdicts after which the next program is called
	Frags    bool           `json:"frags"`   // by itself it takes packets of several buffers
	// Link is the id of the link that puts the program into its slot, 0 where the kernel does not
	// say it (before Linux 5.13).
	Link uint32 `json:"link,omitempty"`
	// Pinned reports whether the pins are there that keep the program in its slot.
	Pinned bool `json:"pinned"`
	// Runs and RunTime count since the kernel began to: kernel.bpf_stats_enabled. They are nil
	// while it does not.
	Runs    *uint64        `json:"runs,omitempty"`
	RunTime *time.Duration `json:"run_time_ns,omitempty"`
}
