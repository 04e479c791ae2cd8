// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/loadstone-bpf/loadstone/vmtest/arch"
)

// ErrConfig marks errors about a [Config] that describes no machine.
var ErrConfig = errors.New("bad machine")

// Config holds a machine and what it boots. Two equal Configs with equal files
// are the same template.
type Config struct {
	// Kernel is the boot image's path, Image the initramfs's.
	Kernel, Image string
	// Arch is the machine's architecture, [arch.Default] if it is the zero
	// value.
	Arch arch.Arch
	// Accel is TCG or KVM. [Accelerators.Choose] makes one of a user's wish.
	Accel Accel
	// Nodes are the NUMA nodes, two of one CPU and 512 MiB if empty.
	Nodes []Node
	// PayloadMiB is the size of the payload device, a power of two; 64 if 0.
	PayloadMiB int
	// KernelArgs are added to the kernel's command line.
	KernelArgs []string
}

// defaultPayloadMiB gives the size of the payload device where none is given. It
// costs nothing that is not used.
const defaultPayloadMiB = 64

// Node describes a NUMA node.
type Node struct {
	CPUs      int
	MemoryMiB int
}

// Accel names how QEMU runs the guest's instructions.
type Accel string

const (
	TCG Accel = "tcg" // translated; works everywhere
	KVM Accel = "kvm" // by the host's CPU
)

// Deadlines gives how long a guest may take, under KVM and as fast as usual.
// Under TCG each is [tcgPatience] times as long, and where the template's guest
// took longer than usual to boot, longer by as much. A zero value means the
// default, a negative one for ever.
//
// A deadline is counted in the time that the host gave the guest: while QEMU
// waits for a core that others have, no time passes.
type Deadlines struct {
	// Boot is from QEMU's start to the guest's word that it is ready: 30 s.
	Boot time.Duration
	// Silence is from the order to the first record, and from one record to
	// the next: 20 s.
	Silence time.Duration
	// Total is from QEMU's start to the end: 10 min.
	Total time.Duration

	// Guest is how long the guest program waits before it says by itself that
	// something hangs. It is counted by the clock, as the guest does, and
	// multiplied by nothing. No silence is shorter.
	Guest time.Duration

	pace float64 // of the guest: see [Template.Pace]; 0 for 1
}

// tcgPatience gives how much longer a guest may take under TCG, where a boot was
// measured to take 3 to 6 s on an idle host of two cores.
const tcgPatience = 4

// patience returns how long a guest may take for what takes d under KVM.
func (d Deadlines) patience(a Accel, of time.Duration) time.Duration {
	if a == TCG {
		of *= tcgPatience
	}
	return time.Duration(float64(of) * max(1, d.pace))
}

// withDefaults fills in zero values and multiplies for a and the guest's pace.
func (d Deadlines) withDefaults(a Accel) Deadlines {
	fill := func(v *time.Duration, value time.Duration) {
		if *v == 0 {
			*v = value
		}
		*v = d.patience(a, *v)
	}
	fill(&d.Boot, 30*time.Second)
	fill(&d.Silence, 20*time.Second)
	fill(&d.Total, 10*time.Minute)
	return d
}

// Options describe one run of a machine, not the machine.
type Options struct {
	// Order is the line that the guest's WaitOrder returns, without newline.
	// It is sent as soon as the guest is ready.
	Order []byte
	// Payload is what the guest is brought, nil for nothing.
	Payload *Payload
	// Deadlines of this run.
	Deadlines Deadlines
	// Console is the file that keeps the console, up to [maxConsole] bytes;
	// none if empty. The console's end is kept in memory in any case.
	Console string
	// Attach is told what the console says as it comes, for a person to watch; nil for none. A slow
	// reader slows the guest.
	Attach io.Writer
	// Log is told what a user may want to know; nil discards it.
	Log *slog.Logger
}

func (o Options) logger() *slog.Logger {
	if o.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return o.Log
}

// withDefaults returns c with zero values filled in, or an error wrapping
// [ErrConfig].
func (c Config) withDefaults() (Config, error) {
	if c.Arch.Name == "" {
		c.Arch = arch.Default()
	}
	// The table gives no entry that is not proved by its name, but a caller can write one.
	if _, err := arch.ByName(c.Arch.Name); err != nil {
		return c, err
	}
	if c.Accel == "" {
		c.Accel = TCG
	}
	if c.Accel != TCG && c.Accel != KVM {
		return c, fmt.Errorf("%w: accelerator %q, want tcg or kvm", ErrConfig, c.Accel)
	}
	if len(c.Nodes) == 0 {
		c.Nodes = []Node{{CPUs: 1, MemoryMiB: 512}, {CPUs: 1, MemoryMiB: 512}}
	}
	if c.PayloadMiB == 0 {
		c.PayloadMiB = defaultPayloadMiB
	}
	return c, c.validate()
}

func (c Config) validate() error {
	if c.Kernel == "" || c.Image == "" {
		return fmt.Errorf("%w: no kernel or no image", ErrConfig)
	}
	for i, n := range c.Nodes {
		// A node without CPUs is a machine too, one without memory is not.
		if n.CPUs < 0 || n.MemoryMiB < 1 {
			return fmt.Errorf("%w: node %d has %d CPUs and %d MiB", ErrConfig, i, n.CPUs,
				n.MemoryMiB)
		}
	}
	if c.cpus() == 0 {
		return fmt.Errorf("%w: no CPU on any node", ErrConfig)
	}
	if c.PayloadMiB < 0 || c.PayloadMiB&(c.PayloadMiB-1) != 0 {
		return fmt.Errorf("%w: payload device of %d MiB, want a power of two", ErrConfig,
			c.PayloadMiB)
	}
	return nil
}

// cpus returns the number of CPUs on all nodes.
func (c Config) cpus() int {
	sum := 0
	for _, n := range c.Nodes {
		sum += n.CPUs
	}
	return sum
}

// memoryMiB returns the memory of all nodes.
func (c Config) memoryMiB() int {
	sum := 0
	for _, n := range c.Nodes {
		sum += n.MemoryMiB
	}
	return sum
}

// Boot starts c from its kernel. It returns as soon as QEMU runs; the order
// follows once the guest is ready. When ctx ends, so does the VM.
func Boot(ctx context.Context, c Config, o Options) (*VM, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	return start(ctx, c, bootPlan(c), o)
}
