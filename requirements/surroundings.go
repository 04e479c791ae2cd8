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

	// Memlock is what RLIMIT_MEMLOCK says, soft and hard, in bytes; 0 for no limit.
	Memlock uint64 `yaml:"memlock"`
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
	return s.User == 0 && s.Caps == nil && s.BPFFS == "" && s.Memlock == 0
}

// String returns the surroundings in one line, such as "user 65534, CAP_BPF, bpffs read-only", or
// "" for the zero value.
func (s Surroundings) String() string {
	var words []string
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
	if s.User != 0 && s.Caps == nil {
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
