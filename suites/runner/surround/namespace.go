// SPDX-License-Identifier: Apache-2.0

package surround

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/requirements"
)

// A user namespace is entered by a process, not by a thread, and only who is in it can begin a file
// system that is the namespace's (fsopen): so a driver in one is this program first. It begins a
// bpffs and hands it to us; we, who may, say what is delegated to it, make it and mount it where
// the spec looks; and it mounts the same in a mount namespace of its own, and becomes the driver.

// envEnter has the descriptor by which the program in the namespace talks with us.
const envEnter = "LOADSTONE_ENTER"

// A place is what the program in the namespace becomes, and where it mounts its bpffs.
type place struct {
	BPFFS           string // our path
	Root, Dir, Path string
	Args, Env       []string
}

// A namespace is a user namespace that a driver is about to enter.
type namespace struct {
	line   *line
	become place
	in     *requirements.Delegation
}

// enter returns the command that enters a user namespace as its root, who is user outside, and
// becomes cmd there once it has its bpffs.
func enter(cmd *exec.Cmd, user int, in *requirements.Delegation) (*exec.Cmd, *namespace, error) {
	ours, theirs, err := newLine()
	if err != nil {
		return nil, nil, err
	}
	fd := 3 // after those of [exec.Cmd.ExtraFiles] that [loader.Start] adds
	if slices.ContainsFunc(cmd.Env, func(v string) bool {
		return strings.HasPrefix(v, loader.EnvFDs+"=")
	}) {
		fd += 2
	}
	become := place{Dir: cmd.Dir, Path: cmd.Path, Args: cmd.Args, Env: cmd.Env}
	if cmd.SysProcAttr != nil {
		become.Root = cmd.SysProcAttr.Chroot
	}
	mapping := []syscall.SysProcIDMap{{ContainerID: 0, HostID: user, Size: 1}}
	return &exec.Cmd{
		Path: "/proc/self/exe", Args: []string{"loadstone-guest"},
		Env: append(slices.Clone(cmd.Env), fmt.Sprintf("%s=%d", envEnter, fd)),
		SysProcAttr: &syscall.SysProcAttr{
			Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWNS,
			UidMappings: mapping, GidMappings: mapping, GidMappingsEnableSetgroups: true,
			Credential: &syscall.Credential{Uid: 0, Gid: 0},
		},
		ExtraFiles: []*os.File{theirs},
	}, &namespace{line: ours, become: become, in: in}, nil
}

// mount makes the bpffs of the namespace, mounts it at dir, our path of a folder, and lets the
// driver begin. The caller unmounts it.
func (n *namespace) mount(dir string) error {
	var begun struct{}
	fs, err := n.line.receive(&begun)
	if err != nil {
		return fmt.Errorf("wait for its bpffs: %w", err)
	}
	defer unix.Close(fs)
	for _, o := range []struct{ name, value string }{
		{"delegate_cmds", n.in.Cmds}, {"delegate_maps", n.in.Maps},
		{"delegate_progs", n.in.Progs}, {"delegate_attachs", n.in.Attachs},
	} {
		if o.value == "" {
			continue
		}
		if err := unix.FsconfigSetString(fs, o.name, o.value); err != nil {
			return fmt.Errorf("%s=%s: %w", o.name, o.value, err)
		}
	}
	if err := unix.FsconfigCreate(fs); err != nil {
		return fmt.Errorf("make its bpffs: %w", err)
	}
	made, err := unix.Fsmount(fs, unix.FSMOUNT_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("mount its bpffs: %w", err)
	}
	defer unix.Close(made)
	if err := attach(made, dir); err != nil {
		return fmt.Errorf("mount its bpffs at %s: %w", dir, err)
	}
	theirs, err := unix.OpenTree(unix.AT_FDCWD, dir, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC)
	if err != nil {
		return fmt.Errorf("mount its bpffs for itself: %w", err)
	}
	defer unix.Close(theirs)
	n.become.BPFFS = dir
	if err := n.line.send(n.become, theirs); err != nil {
		return fmt.Errorf("let it begin: %w", err)
	}
	return nil
}

// attach attaches a mount that is nowhere yet.
func attach(mount int, dir string) error {
	return unix.MoveMount(mount, "", unix.AT_FDCWD, dir, unix.MOVE_MOUNT_F_EMPTY_PATH)
}

// Enter turns a process that surroundings put into a user namespace into the driver there. In any
// other process it does nothing. Programs that start drivers call it first.
func Enter() {
	fd, ok := os.LookupEnv(envEnter)
	if !ok {
		return
	}
	// The line stands for a driver that died while it started, which is what its client sees.
	fmt.Fprintln(os.Stderr, "enter a user namespace:", becomeDriver(fd))
	os.Exit(1)
}

// becomeDriver does not return but for an error.
func becomeDriver(number string) error {
	var fd int
	if _, err := fmt.Sscan(number, &fd); err != nil {
		return fmt.Errorf("%s is %q: %w", envEnter, number, err)
	}
	unix.CloseOnExec(fd)
	us := &line{fd}
	bpffs, err := unix.Fsopen("bpf", unix.FSOPEN_CLOEXEC)
	if err != nil {
		return fmt.Errorf("begin a bpffs: %w", err)
	}
	if err := us.send(struct{}{}, bpffs); err != nil {
		return err
	}
	var become place
	mount, err := us.receive(&become)
	if err != nil {
		return err
	}
	if err := attach(mount, become.BPFFS); err != nil {
		return fmt.Errorf("mount the bpffs at %s: %w", become.BPFFS, err)
	}
	err = errors.Join(unix.Close(mount), unix.Close(bpffs))
	if err == nil && become.Root != "" {
		err = unix.Chroot(become.Root)
	}
	if err == nil && become.Root+become.Dir != "" {
		err = unix.Chdir(cmp.Or(become.Dir, "/"))
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("start %s: %w", become.Path,
		syscall.Exec(become.Path, become.Args, become.Env))
}
