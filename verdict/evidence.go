// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/loadstone-bpf/loadstone/record"
)

// Expected describes one spec in one cell that the host planned, and what its loader is held to.
type Expected struct {
	Spec         string
	Suite        string
	Cell         Cell
	Requirements []Requirement
	Attempt      int // counted from 1
}

// Requirement describes what a verdict repeats of a requirement, for its readers.
type Requirement struct {
	ID       string
	Level    Level
	Sentence string
	Sources  []Source
	Profiles []string
	Commits  []string // of the kernel, that may be missing where it fails
}

// Evidence holds all that is known of one clone.
type Evidence struct {
	Ordered []string      // the specs that it was told to run, in order
	Watched bool          // it was told to look after each spec whether it is as it was
	Heard   []Heard       // everything that came through the record port, in order
	Ending  Ending        // how the machine ended
	Ended   time.Time     // when, on the host's clock
	Took    time.Duration // from start to end, on the host's clock
}

// Heard describes one line from a guest: a record, or what is wrong with it.
type Heard struct {
	Record record.Record // nil where the line is no record
	Fault  string        // why not: garbage, too large, half a record, an unknown type
	Load   Load          // of a Finish for which a limit passed: while the spec ran
}

// String returns the line in a few words.
func (h Heard) String() string {
	if h.Record == nil {
		return cmp.Or(h.Fault, "an empty record")
	}
	return fmt.Sprintf("%T", h.Record)
}

// A Cause names why a machine ended.
type Cause string

// The causes.
const (
	// by the guest, which said that it was done: as it should be
	PoweredOff Cause = "powered off"
	// it powered off, and did not say that it was done, or said what went wrong
	Unfinished Cause = "guest gave up"
	Panicked   Cause = "kernel panic"  //
	Reset      Cause = "machine reset" // unasked, such as a triple fault
	KernelHung Cause = "kernel hang"   // the kernel no longer answers
	// the kernel lives, but no record came before the deadline
	GuestHung Cause = "guest hang"
	// QEMU ended by itself, or was killed by another
	Died        Cause = "virtual machine died"
	NotStarted  Cause = "virtual machine did not start" //
	Interrupted Cause = "interrupted"                   // the host ended it, because the run ends
)

// HangOf returns [KernelHung] or [GuestHung], by the console of a guest that was asked over SysRq
// where it hangs: a kernel that lives answers, even if it only says that the key is disabled.
func HangOf(console string) Cause {
	for line := range strings.Lines(console) {
		if hostsDoing().MatchString(line) && strings.Contains(line, "sysrq: ") {
			return GuestHung
		}
	}
	return KernelHung
}

// hostsDoing matches the kernel's answer to what a host does to a guest that hangs: SysRq, then an
// NMI. What comes after it on a console was asked for, and is no complaint.
var hostsDoing = whenUsed(`^(<\d+>)?\[ *\d+\.\d{6}\](\[ *[TC]\d+\])? (sysrq: |Uhhuh\. NMI received |NMI received for unknown reason|NMI: .*unknown reason|Kernel panic - not syncing: NMI)`)

// killed reports whether it was the kernel that ended.
func (c Cause) killed() bool { return c == Panicked || c == Reset || c == KernelHung }

// left reports whether the guest went, or was made to go, with its kernel in good health: what it
// had not done by then is missing.
func (c Cause) left() bool { return c == PoweredOff || c == Unfinished || c == Interrupted }

// Ending describes how a machine ended.
type Ending struct {
	Cause     Cause
	Detail    string // one line: what QEMU, the deadline or the panic said
	Console   string // the last of the console, as it came
	Backtrace string // of all CPUs, where a hang was asked for it
	Load      Load   // while it ran
}

// Load says how busy the host was while a guest ran. Its zero value means that it is
// unknown.
type Load struct {
	// how many times as long as on an idle host the guest took for what it did
	Stretch float64 `json:"stretch,omitempty"`
	Tasks   float64 `json:"tasks,omitempty"`   // runnable ones per core
	Allowed float64 `json:"allowed,omitempty"` // the stretch that the guest's limits allow for
	// how long QEMU's threads waited for a core; 0 where the host does not tell
	WaitedMS int64 `json:"waited_ms,omitempty"`
}

func (l Load) String() string {
	if l.Stretch == 0 && l.Tasks == 0 {
		return "host's load unknown"
	}
	return fmt.Sprintf("host's load: %.1f runnable tasks per core, guest slowed %.1f times",
		l.Tasks, l.Stretch)
}
