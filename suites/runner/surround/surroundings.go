// SPDX-License-Identifier: Apache-2.0

package surround

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/requirements"
)

// Start starts a driver in surroundings, as [loader.Start] does, in the PID namespace of a keeper;
// nil for our own. bpffs is our own path of the bpffs that the driver finds. What was set up for
// the driver goes with the conversation.
func Start(
	ctx context.Context, cmd *exec.Cmd, in requirements.Surroundings, bpffs string, k *Keeper,
	options loader.Options,
) (loader.Loader, error) {
	t, err := newThread(func() error { return errors.Join(within(in, bpffs), k.join()) })
	if err != nil {
		return nil, fmt.Errorf("surroundings (%v): %w", in, err)
	}
	d := &driver{thread: t}
	if cmd, err = d.prepare(cmd, in); err != nil {
		t.Close()
		return nil, err
	}
	t.Do(func() {
		err = limitLocked(in.Memlock, func() (err error) {
			d.Client, err = loader.Start(ctx, cmd, options)
			return err
		})
	})
	for _, f := range cmd.ExtraFiles { // ours among them: the process has its own
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return nil, errors.Join(err, d.release())
	}
	return d, nil
}

// prepare returns the command with the rights that surroundings leave it.
func (d *driver) prepare(cmd *exec.Cmd, in requirements.Surroundings) (*exec.Cmd, error) {
	if in.Delegate == nil {
		return become(cmd, in), nil
	}
	var err error
	cmd, d.namespace, err = enter(cmd, in.User, in.Delegate)
	return cmd, err
}

// A driver is a conversation that has a thread of its own.
type driver struct {
	*loader.Client
	thread    *Thread
	namespace *namespace // that the process is about to enter; nil for none
}

// A Mounter is a driver in a user namespace of its own, which waits for its bpffs.
type Mounter interface {
	// Mount mounts the bpffs at dir, our own path of a folder that the driver finds at the same
	// place of its root, with what its surroundings delegate, and lets the driver begin. What is
	// mounted is the caller's to unmount. It is to be called once.
	Mount(dir string) error
}

// Mount implements [Mounter].
func (d *driver) Mount(dir string) error {
	if d.namespace == nil {
		return errors.New("the driver is in no user namespace of its own")
	}
	return d.namespace.mount(dir)
}

// Close ends the conversation, its process and the thread.
func (d *driver) Close() error {
	return errors.Join(d.Client.Close(), d.release())
}

// release gives up what the driver was started with.
func (d *driver) release() (err error) {
	if d.thread != nil {
		d.thread.Close()
		d.thread = nil
	}
	if d.namespace != nil {
		err = d.namespace.line.close()
		d.namespace = nil
	}
	return err
}

// within takes from this thread what surroundings leave out, as far as the processes that it starts
// inherit it.
func within(in requirements.Surroundings, bpffs string) error {
	if err := confine(); err != nil {
		return err
	}
	if in.Caps != nil {
		if err := boundTo(in.Capabilities()); err != nil {
			return err
		}
	}
	if in.BPFFS == requirements.ReadOnly {
		return readOnly(bpffs)
	}
	return nil
}

// boundTo drops all capabilities but those from the bounding set of this thread.
func boundTo(capabilities []uintptr) error {
	for c := uintptr(0); c <= unix.CAP_LAST_CAP; c++ {
		has, err := unix.PrctlRetInt(unix.PR_CAPBSET_READ, c, 0, 0, 0)
		if errors.Is(err, unix.EINVAL) {
			return nil // the kernel has no more of them
		}
		if err != nil {
			return fmt.Errorf("read capability %d: %w", c, err)
		}
		if has == 1 && !slices.Contains(capabilities, c) {
			if err := dropBounding(c); err != nil {
				return err
			}
		}
	}
	return nil
}

// readOnly mounts a bpffs read-only in a mount namespace of this thread's own. The file system
// itself stays writable, as it does where a container has the host's.
func readOnly(bpffs string) error {
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("make a mount namespace: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("keep mounts to ourselves: %w", err)
	}
	remount := func() error {
		return unix.Mount("", bpffs, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, "")
	}
	err := remount()
	if errors.Is(err, unix.EINVAL) { // no mount, but a folder of one, as in a native run
		if err = unix.Mount(bpffs, bpffs, "", unix.MS_BIND, ""); err == nil {
			err = remount()
		}
	}
	if err != nil {
		return fmt.Errorf("mount %s read-only: %w", bpffs, err)
	}
	return nil
}

// become returns the command with the user and the capabilities that surroundings leave it.
func become(cmd *exec.Cmd, in requirements.Surroundings) *exec.Cmd {
	if in.User == 0 {
		return cmd
	}
	attr := syscall.SysProcAttr{}
	if cmd.SysProcAttr != nil {
		attr = *cmd.SysProcAttr
	}
	id := uint32(in.User)
	attr.Credential = &syscall.Credential{Uid: id, Gid: id}
	attr.AmbientCaps = in.Capabilities()
	cmd.SysProcAttr = &attr
	return cmd
}

// ErrNoLimit reports that a driver cannot be given a limit, because this process could not raise
// its own again after that.
var ErrNoLimit = errors.New("cannot limit memory for a while without CAP_SYS_RESOURCE")

// limitLocked calls start while this process has a limit on locked memory, which the processes that
// it starts meanwhile keep; 0 for none.
func limitLocked(limit uint64, start func() error) error {
	if limit == 0 {
		return start()
	}
	if may, err := mayRaiseLimits(); !may {
		return cmp.Or(err, ErrNoLimit)
	}
	var before unix.Rlimit
	if err := unix.Prlimit(0, unix.RLIMIT_MEMLOCK,
		&unix.Rlimit{Cur: limit, Max: limit}, &before); err != nil {
		return fmt.Errorf("limit locked memory: %w", err)
	}
	return errors.Join(start(), unix.Prlimit(0, unix.RLIMIT_MEMLOCK, &before, nil))
}

// mayRaiseLimits reports whether this thread has CAP_SYS_RESOURCE.
func mayRaiseLimits() (bool, error) {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return false, fmt.Errorf("read capabilities: %w", err)
	}
	return data[0].Effective>>unix.CAP_SYS_RESOURCE&1 == 1, nil
}
