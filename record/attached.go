// SPDX-License-Identifier: Apache-2.0

package record

// Attaching says how a program of an object that the host brought is to be attached. Each is a line
// of the file 3.attach beside the object that is named 3, where a check asks for it.
type Attaching struct {
	Program string `json:"program"`        // of a structure its map; "" for all of an object
	Kind    string `json:"kind,omitempty"` // of the loader protocol
	// Probe asks the kernel for what it attaches to, as those of [Probe] do; "" where nothing can
	// be asked.
	Probe string `json:"probe,omitempty"`
	// Untried says why it is not attached, in place of a kind.
	Untried string `json:"untried,omitempty"`
}

// Attached says how it went to attach one program of a loaded object, in the kernel's words. One
// that has neither of the last three was attached.
type Attached struct {
	Program string `json:"program"` // of a structure its map; "" for all of an object
	Kind    string `json:"kind,omitempty"`
	Link    uint32 `json:"link,omitempty"` // id; 0 where something else than a link holds it
	// what holds it: the type of the link, such as "tracing", or "tc", "netlink", "perf_event" or
	// "map"
	By string `json:"by,omitempty"`
	// what it was attached to; "" where this kernel does not tell
	To string `json:"to,omitempty"`

	Untried string   `json:"untried,omitempty"` // why it was not asked for, or has no words for it
	Refusal *Refusal `json:"refusal,omitempty"`
	// of a refusal: whether the kernel has what the program attaches to; nil where nothing can be
	// asked
	Probe *Probe `json:"probe,omitempty"`
}

// Done reports whether the program was attached.
func (a Attached) Done() bool { return a.Untried == "" && a.Refusal == nil }
