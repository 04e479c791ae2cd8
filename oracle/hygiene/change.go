// SPDX-License-Identifier: Apache-2.0

package hygiene

import (
	"slices"
	"strings"
)

// A Kind names a kind of things that can be left behind.
type Kind string

// The kinds.
const (
	Program    Kind = "program"
	Map        Kind = "map"
	Link       Kind = "link"
	BTF        Kind = "btf"
	Pin        Kind = "pin" // a file, folder or symbolic link in a bpffs
	Mount      Kind = "mount"
	Namespace  Kind = "namespace"
	Device     Kind = "device" // a network device, with its addresses and routes
	Qdisc      Kind = "qdisc"  // with its filters
	Cgroup     Kind = "cgroup"
	Process    Kind = "process"
	Descriptor Kind = "descriptor" // of this process
	Module     Kind = "module"
	Sysctl     Kind = "sysctl" // and other settings of the kernel
	Taint      Kind = "taint"
	Self       Kind = "self" // what this process is set to: limits, folder, umask, signals
	Memory     Kind = "memory"
	File       Kind = "file"
)

// Kinds lists all kinds, in the order of changes.
var Kinds = []Kind{
	Program, Map, Link, BTF, Pin, Mount, Namespace, Device, Qdisc, Cgroup, Process, Descriptor,
	Module, Sysctl, Taint, Self, Memory, File,
}

// How a thing differs.
const (
	New     = "new"
	Gone    = "gone"
	Changed = "changed"
)

// A Change names one thing that is not as it was.
type Change struct {
	Kind Kind
	How  string // [New], [Gone] or [Changed]
	What string // "map 17 counters (hash)", "sysctl kernel.kptr_restrict 0 -> 2"
}

// String returns the change as "new map 17 counters (hash)".
func (c Change) String() string { return c.How + " " + c.What }

// A State holds what a look saw.
type State struct {
	Held    map[Kind]int // how many of each kind there are, 0 included; of [Memory], the KiB used
	Changes []Change     // none where all is as it was
}

// A thing is one that can come, go, or change.
type thing struct {
	kind  Kind
	name  string // for people, with the kind: "device 5 veth0"
	key   string // tells it from others of its kind, where its name does not
	state string // fields, with ", " between them, of which none may change
}

// id returns what tells the thing from all others.
func (t thing) id() string {
	if t.key != "" {
		return string(t.kind) + "\x00" + t.key
	}
	return string(t.kind) + "\x00" + t.name
}

// differences returns how two lists of things differ: what is new or changed, then what is gone.
func differences(before, now []thing) []Change {
	old := make(map[string]thing, len(before))
	for _, t := range before {
		old[t.id()] = t
	}
	var changes []Change
	for _, t := range now {
		was, found := old[t.id()]
		delete(old, t.id())
		switch {
		case !found:
			changes = append(changes, Change{t.kind, New, t.name})
		case was.state != t.state:
			from, to := fieldsThatDiffer(was.state, t.state)
			changes = append(changes, Change{t.kind, Changed, t.name + " " + from + " -> " + to})
		}
	}
	for _, t := range before {
		if _, left := old[t.id()]; left {
			changes = append(changes, Change{t.kind, Gone, t.name})
		}
	}
	return changes
}

// fieldsThatDiffer returns the fields of both states that the other lacks.
func fieldsThatDiffer(from, to string) (string, string) {
	a, b := strings.Split(from, ", "), strings.Split(to, ", ")
	return lacking(a, b), lacking(b, a)
}

// lacking returns the fields of the first list that the second lacks, "nothing" for none.
func lacking(fields, in []string) string {
	only := slices.DeleteFunc(slices.Clone(fields), func(f string) bool {
		return slices.Contains(in, f)
	})
	if len(only) == 0 || len(only) == 1 && only[0] == "" {
		return "nothing"
	}
	return strings.Join(only, ", ")
}
