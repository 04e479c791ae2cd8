// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/vmtest/guest"
)

// none goes right.
func none(*guest.Guest, []string) error { return nil }

// payload unpacks the payload and records each file's SHA-256, or that there
// is none.
func payload(g *guest.Guest, _ []string) error {
	archive, err := g.Payload()
	if errors.Is(err, guest.ErrNoPayload) {
		return record(g, "payload", "none")
	}
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "payload-")
	if err != nil {
		return err
	}
	if err := guest.Unpack(archive, dir); err != nil {
		return err
	}
	files := make(map[string]string)
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		sum := sha256.Sum256(content)
		files[strings.TrimPrefix(path, dir+"/")] = hex.EncodeToString(sum[:])
		return err
	})
	if err != nil {
		return err
	}
	return record(g, "payload", files)
}

// unpack unpacks the payload and records how many bytes it has.
func unpack(g *guest.Guest, _ []string) error {
	archive, err := g.Payload()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "payload-")
	if err != nil {
		return err
	}
	if err := guest.Unpack(archive, dir); err != nil {
		return err
	}
	return record(g, "unpacked", len(archive))
}

// random records what must differ between clones, and the time.
func random(g *guest.Guest, _ []string) error {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		return err
	}
	uuid, err := os.ReadFile("/proc/sys/kernel/random/uuid")
	if err != nil {
		return err
	}
	return record(g, "random", map[string]any{
		"bytes": hex.EncodeToString(b[:]), "uuid": strings.TrimSpace(string(uuid)),
		"now": time.Now().UnixNano(),
	})
}

// orphans leaves orphans behind while it runs commands of its own, and records
// how many zombies there are then.
func orphans(g *guest.Guest, _ []string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for range 8 {
		// The child starts a grandchild and ends first. That its exit status
		// comes out here shows that the reaper did not take it.
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), "FAULTGUEST_CHILD=parent")
		if err := cmd.Run(); exitCode(err) != 7 {
			return fmt.Errorf("child: %w, want exit status 7", err)
		}
	}
	zombies, err := awaitNoZombies()
	if err != nil {
		return err
	}
	return record(g, "zombies", zombies)
}

func exitCode(err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return 0
}

func init() {
	switch os.Getenv("FAULTGUEST_CHILD") {
	case "parent":
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = append(os.Environ(), "FAULTGUEST_CHILD=orphan")
		if err := cmd.Start(); err != nil {
			os.Exit(1)
		}
		os.Exit(7)
	case "orphan":
		os.Exit(0)
	}
}

// awaitNoZombies waits until this process has no children, for ten seconds at
// most, and returns how many are left.
func awaitNoZombies() (int, error) {
	deadline := time.Now().Add(10 * time.Second)
	for {
		children, err := childrenOfInit()
		if err != nil || len(children) == 0 || time.Now().After(deadline) {
			return len(children), err
		}
		// Nothing tells PID 1's other threads that a child is gone.
		time.Sleep(5 * time.Millisecond)
	}
}

// childrenOfInit returns the processes whose parent is PID 1, zombies
// included.
func childrenOfInit() ([]string, error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	var children []string
	for _, file := range stats {
		b, err := os.ReadFile(file)
		if err != nil {
			continue // gone meanwhile
		}
		// proc(5): "pid (name) state ppid …", and the name may hold anything.
		_, rest, _ := strings.Cut(string(b), ") ")
		if fields := strings.Fields(rest); len(fields) > 1 && fields[1] == "1" {
			children = append(children, file)
		}
	}
	return children, nil
}

// kernelLog records what the kernel's log says since the guest was ready, after
// writing a line to it.
func kernelLog(g *guest.Guest, _ []string) error {
	boot, err := g.Kmsg.Entries()
	if err != nil {
		return err
	}
	if err := os.WriteFile("/dev/kmsg", []byte("<4>faultguest was here\n"), 0); err != nil {
		return err
	}
	after, err := g.Kmsg.Entries()
	if err != nil {
		return err
	}
	texts := []string{}
	for _, entry := range after {
		texts = append(texts, fmt.Sprintf("%d %s", entry.Level, entry.Text))
	}
	return record(g, "log",
		map[string]any{"boot": boot[0].Text, "entries": len(boot), "after": texts})
}

// bulk writes count records of size bytes each.
func bulk(g *guest.Guest, arguments []string) error {
	if len(arguments) != 2 {
		return errors.New("bulk COUNT SIZE")
	}
	count, err := strconv.Atoi(arguments[0])
	if err != nil {
		return err
	}
	size, err := strconv.Atoi(arguments[1])
	if err != nil {
		return err
	}
	text := strings.Repeat("x", size)
	for range count {
		if err := record(g, "bulk", text); err != nil {
			return err
		}
	}
	return nil
}

// machine records what sort of machine this is.
func machine(g *guest.Guest, _ []string) error {
	nodes, err := filepath.Glob("/sys/devices/system/node/node[0-9]*")
	if err != nil {
		return err
	}
	cpus, err := os.ReadFile("/sys/devices/system/cpu/online")
	if err != nil {
		return err
	}
	modules, err := os.ReadFile("/proc/modules")
	if err != nil {
		return err
	}
	var mounted []string
	for _, dir := range []string{
		"/sys/fs/bpf", "/sys/fs/cgroup", "/sys/kernel/tracing", "/dev/pts", "/tmp",
	} {
		var st unix.Statfs_t
		if err := unix.Statfs(dir, &st); err != nil {
			return err
		}
		mounted = append(mounted, fmt.Sprintf("%s %#x", dir, st.Type))
	}
	var names []string
	for line := range strings.Lines(string(modules)) {
		names = append(names, strings.Fields(line)[0])
	}
	var uts unix.Utsname
	if err := unix.Uname(&uts); err != nil {
		return err
	}
	return record(g, "machine", map[string]any{
		"nodes": len(nodes), "cpus": strings.TrimSpace(string(cpus)), "modules": names,
		"mounts":  mounted,
		"release": unix.ByteSliceToString(uts.Release[:]),
		"host":    unix.ByteSliceToString(uts.Nodename[:]),
	})
}
