// SPDX-License-Identifier: Apache-2.0

package structops

import (
	"cmp"
	"fmt"
	"time"
)

// A Structure is a kernel structure whose functions are BPF programs, with the map that it is in.
type Structure struct {
	ID     uint32 `json:"id"`             // of the map
	Map    string `json:"map"`            // the map's name, at most 15 bytes
	Name   string `json:"name,omitempty"` // the structure's own, by its member name or id
	Type   string `json:"type"`           // "tcp_congestion_ops"
	Module string `json:"module"`         // the module that has the type, "vmlinux" for the kernel itself

	// State is the kernel's word, of enum bpf_struct_ops_state: INIT, INUSE, TOBEFREE, READY.
	State string `json:"state"`

	Registered   bool   `json:"registered"`    // the kernel can call it
	RegisteredBy string `json:"registered_by"` // what registers it: [ByUpdate] or [ByLink]

	// References counts what holds the structure inside the kernel: one for its registration, and
	// one for each user, such as a socket.
	References uint32 `json:"references"`

	// Counting says whether the kernel counts how often it calls programs.
	Counting Counting `json:"run_counting"`

	Members []Member  `json:"members"` // in the kernel's order
	Links   []Link    `json:"links"`   // that register it, by id
	Pins    []string  `json:"pins"`    // of the map: paths, sorted
	Holders []Process `json:"holders"` // of a descriptor of the map, by id
}

// How a structure is registered.
const (
	ByUpdate = "update" // by the update that fills its map
	ByLink   = "link"   // by a link: from 6.4 on
)

// A Member is a member of a structure.
type Member struct {
	Name    string   `json:"name"`
	Program *Program `json:"program,omitempty"` // that was put in, where it is a function
	Value   string   `json:"value,omitempty"`   // in C; absent where it is a function
	Zero    bool     `json:"zero"`              // no program, or all bytes 0
}

// A Program is a program in a structure.
type Program struct {
	ID   uint32 `json:"id"`
	Name string `json:"name"`
	Tag  string `json:"tag"` // digest of its instructions, 16 hex digits

	// Runs and RunTime say how often the kernel called it, and how long that took. Nil where the
	// kernel does not count.
	Runs    *uint64        `json:"runs,omitempty"`
	RunTime *time.Duration `json:"run_time_ns,omitempty"`
}

// Counting says what the runs of programs are a count of.
type Counting string

// The ways to count.
const (
	CountingOff      Counting = "off"      // the kernel does not count: kernel.bpf_stats_enabled is 0
	CountingSysctl   Counting = "sysctl"   // it does whenever kernel.bpf_stats_enabled is 1
	CountingMeasured Counting = "measured" // it did for the time that was asked for
)

// A Link is a link that registers a structure.
type Link struct {
	ID      uint32    `json:"id"`
	Pins    []string  `json:"pins"`
	Holders []Process `json:"holders"`
}

// A Process holds a descriptor.
type Process struct {
	PID     int    `json:"pid"`
	Command string `json:"command"` // as ps -o comm shows it; "" where it ended meanwhile
}

// String returns the process as "1234 (scx_simple)".
func (p Process) String() string { return fmt.Sprintf("%d (%s)", p.PID, Printable(p.Command)) }

// Called returns the structure's own name, or else its map's.
func (s *Structure) Called() string { return cmp.Or(s.Name, s.Map) }

// String returns the structure as "tcp_congestion_ops bpf_cubic (id 41)".
func (s *Structure) String() string {
	return fmt.Sprintf("%s %s (id %d)", s.Type, Printable(s.Called()), s.ID)
}

// Programs returns how many members have a program.
func (s *Structure) Programs() int {
	n := 0
	for _, m := range s.Members {
		if m.Program != nil {
			n++
		}
	}
	return n
}

// Users returns how many users in the kernel hold the structure, beside its registration.
func (s *Structure) Users() uint32 {
	if s.Registered && s.References > 0 {
		return s.References - 1
	}
	return s.References
}
