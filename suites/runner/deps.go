// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"io"
	"time"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/requirements"
)

// Deps holds what a run needs from its caller.
type Deps struct {
	// Driver begins a conversation with the loader under test, in the surroundings that the spec's
	// requirement asks for, and calls trace with every exchange in it.
	Driver func(
		ctx context.Context, in requirements.Surroundings, trace func(loader.Exchange),
	) (loader.Loader, error)

	Folders Folders
	Shared  bool                      // others use this kernel too: see [oracle.Witness]
	Records func(record.Record) error // takes every record; an error ends the run
	Log     KernelLog                 // nil to send no [record.KernelLog]

	// Transcripts has details repeat the end of the conversation, for a caller that does not keep
	// what each [record.Step] says.
	Transcripts bool

	// Taint returns the kernel's taint, where there is a Log. Nil means [oracle.Taint].
	Taint func() (uint64, error)

	// Shell runs a shell for a person, or a script, until it ends, and returns how it ended, in
	// words. It is called where a spec did not pass, before anything is given up. Nil for none.
	Shell func(said func(stdout, stderr []byte)) string

	// Watch looks whether the guest is as it was before the first spec, for an order that says so.
	Watch Watch

	// Kconfig looks up a kconfig symbol, written without CONFIG_. Nil means [oracle.Kconfig].
	Kconfig func(symbol string) (value string, known bool, err error)

	// how long the kernel may take to free what was given up; 0 for 15 s, or longer where the
	// order's limits are longer than the default
	Settle time.Duration
	Raw    io.Writer // the stream below the records, for hidden specs that break it; may be nil

	grace time.Duration // how long a spec may take to end once its time is up; 0 for 5 s or longer
}

// Folders names the folders that specs work in. Work and BPFFS are paths in the driver's root; our
// own path of both has Root before it. Each spec makes a folder in both and leaves it, without
// pins, so the folders of one run are not those of another.
type Folders struct {
	Root  string // the driver's root folder; "" where it is our own
	Work  string // a folder
	BPFFS string // a folder in a bpffs

	// Brought is our own path of the folder with the objects that the host brought, "" where it
	// brought none.
	Brought string
}

// KernelLog reads the kernel's log.
type KernelLog interface {
	Mark() error              // Since begins here
	Since() ([]string, error) // lines logged since Mark; they are good even beside an error
}

// Watch sees what became of a guest since it was begun.
type Watch interface {
	// Look returns how many there are of each kind of thing, and what is not as it was, a line
	// each. It asks again while anything differs, until ctx is done.
	Look(ctx context.Context) (held map[string]int, changes []string, err error)
}

// usualSettle is how long the kernel may take to free what nothing holds any more. An emulated
// kernel on a busy host took more than five seconds for an array of programs, once in ten thousand
// specs; what is really held stays for good.
const usualSettle = 15 * time.Second

// usualFirm is how long the kernel has for the rest where something is left that the loader holds,
// or a pin: nothing gives that up. To wait for it as long as for what the kernel frees late was
// half of what a run of cilium and libbpf took, for two dozen specs that fail so.
const usualFirm = 2 * time.Second

// usualGrace is how long a spec may take to end once its time is up.
const usualGrace = 5 * time.Second

// within returns d with what is not set as long as limits ask for.
func (d Deps) within(limits record.Limits) Deps {
	scaled := func(usual time.Duration) time.Duration {
		return time.Duration(limits.Scale() * float64(usual))
	}
	if d.Settle <= 0 {
		d.Settle = scaled(usualSettle)
	}
	if d.grace <= 0 {
		d.grace = scaled(usualGrace)
	}
	return d
}
