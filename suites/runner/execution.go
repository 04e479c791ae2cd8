// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"time"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/oracle"
	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/requirements"
)

// An Execution holds what the runner keeps of a spec while it runs, and of which it makes the last
// record. The words that a spec uses are written on top of it. Its methods are for the goroutine of
// the spec.
type Execution struct {
	spec        Spec
	requirement requirements.Requirement // zero for a hidden spec
	run         *run
	ctx         context.Context // done when the spec's time is up
	began       time.Time

	dirs    loader.Dirs    // of the spec, in the driver's root
	witness oracle.Witness // of what the spec leaves in the kernel
	before  oracle.Inventory
	kept    []string       // pins that may stay, below dirs.BPFFS
	restore []func() error // what the spec changed of this process

	first      *Conversation
	others     []*Conversation
	features   map[loader.Feature]loader.Claim // nil before the first greeting
	transcript transcript
	asked      bool // for something beyond hello
	controlled bool // the loader has made something: a refusal after it means something

	sent      int     // bytes of files that were sent
	looked    bool    // a person had a look at it
	late      bool    // its time was up before its body ended
	ending    *ending // set once, by what ended the body early
	left      []oracle.Object
	unsettled bool  // something was left when the kernel's time to free it was up
	trouble   error // why not everything could be given up
	logError  error // why the kernel's log could not be marked
}

// Dirs returns the spec's own folders, as paths in the driver's root. They are empty at the start.
func (x *Execution) Dirs() loader.Dirs { return x.dirs }

// Own returns our own path for a path in the driver's root.
func (x *Execution) Own(inRoot string) string {
	return filepath.Join(x.run.deps.Folders.Root, inRoot)
}

// Spec returns the spec's id.
func (x *Execution) Spec() string { return x.spec.ID }

// Brought returns what a file holds that the host brought.
func (x *Execution) Brought(name string) []byte {
	if x.run.deps.Folders.Brought == "" {
		x.Broken("the host brought no objects")
	}
	data, err := os.ReadFile(filepath.Join(x.run.deps.Folders.Brought, name))
	if err != nil {
		x.Broken("%v", err)
	}
	return data
}

// Say sends how the object did that the spec is about.
func (x *Execution) Say(c record.Checked) {
	c.Spec = x.spec.ID
	x.run.send(c)
}

// Keep lets pins stay when the loader is gone. The paths are below the spec's folder in the bpffs.
func (x *Execution) Keep(pins ...string) { x.kept = append(x.kept, pins...) }

// AtEnd has undo called when the loader has given everything up, the last first. It is for what the
// spec changed of this process.
func (x *Execution) AtEnd(undo func() error) { x.restore = append(x.restore, undo) }

// Kernel takes the inventory of the kernel.
func (x *Execution) Kernel() oracle.Inventory {
	inventory, err := x.witness.Take()
	if err != nil {
		x.Broken("%v", err)
	}
	return inventory
}

// Added reports whether the kernel holds anything that it did not hold before the spec. Unlike
// [Execution.Beyond] it does not wait, for a loader has done what it says that it did.
func (x *Execution) Added() bool { return len(x.Kernel().Beyond(x.before)) > 0 }

// Since returns what an inventory has that the kernel did not hold before the spec, with what the
// kernel knows of it. On a kernel that others use it may be theirs.
func (x *Execution) Since(now oracle.Inventory) []oracle.Object {
	beyond := now.Beyond(x.before)
	for i := range beyond {
		var err error
		if beyond[i], err = beyond[i].Describe(); err != nil {
			x.Broken("%v", err)
		}
	}
	return beyond
}

// Beyond returns what the kernel holds that it did not hold before. It asks again until there is
// nothing more, for as long as [Deps.Settle] says: the kernel frees late. It does not wait so long
// for what the loader holds, or a pin.
func (x *Execution) Beyond(before oracle.Inventory) ([]oracle.Object, error) {
	return x.beyond(x.ctx, before)
}

func (x *Execution) beyond(ctx context.Context, before oracle.Inventory) ([]oracle.Object, error) {
	ctx, cancel := context.WithTimeout(ctx, x.run.deps.Settle)
	defer cancel()
	left, err := x.witness.Beyond(ctx, before)
	x.unsettled = x.unsettled || len(left) > 0 && ctx.Err() != nil
	return left, err
}

// Patience returns how long to wait for what takes at most d by default: longer where the order's
// limits are, because the machine is slow or its host busy.
func (x *Execution) Patience(d time.Duration) time.Duration {
	return time.Duration(x.run.order.Limits.Scale() * float64(d))
}

// Controlled reports whether the loader has made anything in this spec. One that has not may be one
// that can load nothing, whose refusal proves nothing.
func (x *Execution) Controlled() bool { return x.controlled }

// prepare makes the spec's folders and looks at the kernel before anything is asked. A bpffs takes
// no dots in names (bpf_lookup, kernel/bpf/inode.c), so name has none.
func (x *Execution) prepare(name string) error {
	folders := x.run.deps.Folders
	x.dirs = loader.Dirs{Work: path.Join(folders.Work, name), BPFFS: path.Join(folders.BPFFS, name)}
	for _, dir := range []string{x.dirs.Work, x.dirs.BPFFS} {
		if err := os.MkdirAll(x.Own(filepath.Dir(dir)), 0o711); err != nil {
			return fmt.Errorf("prepare session: %w", err)
		}
		if err := os.Mkdir(x.Own(dir), 0o700); err != nil {
			return fmt.Errorf("prepare session: %w", err)
		}
	}
	if err := x.handOver(); err != nil {
		return fmt.Errorf("prepare session: %w", err)
	}
	x.witness = oracle.Witness{
		BPFFS: x.Own(x.dirs.BPFFS), Shared: x.run.deps.Shared, Firm: x.Patience(usualFirm),
	}
	var err error
	x.before, err = oracle.Take("") // the folder is new: there are no pins
	return err
}

// handOver gives the spec's folders to the user that the loader runs as. A folder in a bpffs that
// is another's can be looked into.
func (x *Execution) handOver() error {
	in := x.requirement.SurroundingsOf(x.spec.ID)
	if in.User == 0 {
		return nil
	}
	work, bpffs := x.Own(x.dirs.Work), x.Own(x.dirs.BPFFS)
	if err := os.Chown(work, in.User, in.User); err != nil {
		return err
	}
	if in.BPFFS == requirements.Foreign {
		return os.Chmod(bpffs, 0o755)
	}
	return os.Chown(bpffs, in.User, in.User)
}
