// SPDX-License-Identifier: Apache-2.0

package requirements

import (
	"fmt"
	"slices"
	"strings"
)

// Surroundings say what the process of a loader has less of than root on a machine of its own. The
// zero value takes nothing away. Anything else needs a loader that is a process.
type Surroundings struct {
	// User and group of the process; 0 for root.
	User int `yaml:"user"`

	// Caps are all the capabilities that the process has and can get: names of capabilities(7)
	// without CAP_, lower case, sorted. Nil for all that drivers have; empty for none.
	Caps []string `yaml:"caps"`

	// BPFFS says whose the spec's folder in the bpffs is; "" for the process's own.
	BPFFS BPFFS `yaml:"bpffs"`

	// Delegate says what is delegated to the spec's bpffs, which is of a user namespace of the
	// process's own: in there it is root with all capabilities, and outside User with none. Nil for
	// no such namespace.
	Delegate *Delegation `yaml:"delegate"`

	// Process says that the loader has to be a process, which the spec may kill, even if nothing is
	// taken from it.
	Process bool `yaml:"process"`

	// Memlock is what RLIMIT_MEMLOCK says, soft and hard, in bytes; 0 for no limit.
	Memlock uint64 `yaml:"memlock"`
}

// A Delegation holds the options of a bpffs that say which calls of bpf(2) a token of it allows:
// names in lower case as the kernel's enums have them without their prefix, joined by colons, or
// "any". An empty one is left out.
type Delegation struct {
	Cmds    string `yaml:"cmds"`    // delegate_cmds
	Maps    string `yaml:"maps"`    // delegate_maps: types of maps
	Progs   string `yaml:"progs"`   // delegate_progs: types of programs
	Attachs string `yaml:"attachs"` // delegate_attachs: expected attach types
}

// String returns the options as "cmds=any maps=hash", or "nothing".
func (d Delegation) String() string {
	var words []string
	for _, o := range []struct{ name, value string }{
		{"cmds", d.Cmds}, {"maps", d.Maps}, {"progs", d.Progs}, {"attachs", d.Attachs},
	} {
		if o.value != "" {
			words = append(words, o.name+"="+o.value)
		}
	}
	if len(words) == 0 {
		return "nothing"
	}
	return strings.Join(words, " ")
}

// BPFFS says what a process may do in a bpffs.
type BPFFS string

// What a process may do in a bpffs. In both, it can use what is pinned, and pin nothing.
const (
	ReadOnly BPFFS = "read-only" // mounted read-only, as containers have it
	Foreign  BPFFS = "foreign"   // the folder is another user's
)

// IsZero reports whether the process has all that root has.
func (s Surroundings) IsZero() bool {
	return s.User == 0 && s.Caps == nil && s.BPFFS == "" && s.Delegate == nil && s.Memlock == 0 &&
		!s.Process
}

// String returns the surroundings in one line, such as "user 65534, CAP_BPF, bpffs read-only", or
// "" for the zero value.
func (s Surroundings) String() string {
	var words []string
	if s.Process {
		words = append(words, "a process of its own")
	}
	if s.User != 0 {
		words = append(words, fmt.Sprintf("user %d", s.User))
	}
	switch {
	case len(s.Caps) > 0:
		words = append(words, "CAP_"+strings.ToUpper(strings.Join(s.Caps, " CAP_")))
	case s.Caps != nil:
		words = append(words, "no capability")
	}
	if s.BPFFS != "" {
		words = append(words, "bpffs "+string(s.BPFFS))
	}
	if s.Delegate != nil {
		words = append(words, "root of a user namespace, with a bpffs that delegates "+
			s.Delegate.String())
	}
	if s.Memlock != 0 {
		words = append(words, fmt.Sprintf("RLIMIT_MEMLOCK %d", s.Memlock))
	}
	return strings.Join(words, ", ")
}

// capabilities are those that surroundings can leave a process, by their numbers
// (include/uapi/linux/capability.h).
var capabilities = map[string]uintptr{
	"bpf": 39, "net_admin": 12, "perfmon": 38, "sys_admin": 21, "sys_resource": 24,
}

// Capabilities returns the numbers of Caps.
func (s Surroundings) Capabilities() []uintptr {
	var all []uintptr
	for _, name := range s.Caps {
		all = append(all, capabilities[name])
	}
	return all
}

// problems says what is wrong with surroundings, a line each.
func (s Surroundings) problems() []string {
	var all []string
	for _, name := range s.Caps {
		if _, known := capabilities[name]; !known {
			all = append(all, fmt.Sprintf("unknown capability %q", name))
		}
	}
	if !slices.IsSorted(s.Caps) {
		all = append(all, "capabilities are not sorted")
	}
	if s.User < 0 {
		all = append(all, fmt.Sprintf("user %d is negative", s.User))
	}
	if s.Delegate != nil && (s.User == 0 || s.Caps != nil || s.BPFFS != "") {
		all = append(all, "delegate wants a user other than root, who has no capability outside "+
			"of the namespace and a bpffs of its own")
	}
	if s.User != 0 && s.Caps == nil && s.Delegate == nil {
		all = append(all, "a user other than root has the capabilities that caps says: "+
			"caps: [] for none")
	}
	if s.BPFFS != "" && s.BPFFS != ReadOnly && s.BPFFS != Foreign {
		all = append(all, fmt.Sprintf("bpffs %q is neither %s nor %s", s.BPFFS, ReadOnly, Foreign))
	}
	if s.BPFFS == Foreign && s.User == 0 {
		all = append(all, "root may write to any folder: bpffs foreign wants another user")
	}
	return all
}
