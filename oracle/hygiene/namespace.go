// SPDX-License-Identifier: Apache-2.0

package hygiene

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// namespaces views those that processes are in, and threads of this process. Mounts and descriptors
// of namespaces are of other views.
type namespaces struct {
	processes *processes
	proc      *folder
	tasks     *folder           // threads of this process
	kinds     []string          // names in /proc/PID/ns
	ours      map[string]string // by kind: what the first thread was in at the beginning
	link      []byte
}

// ofThread are the kinds that a thread of a program with many can change for itself (setns(2),
// unshare(2)).
var ofThread = []string{
	"cgroup", "ipc", "mnt", "net", "pid_for_children", "time_for_children", "uts",
}

func openNamespaces(p *processes) (view, error) {
	n := &namespaces{processes: p, proc: p.proc, ours: make(map[string]string), link: make([]byte, 64)}
	kinds, err := openFolder("/proc/self/ns")
	if err != nil {
		return nil, err
	}
	err = kinds.each(func(name []byte) error {
		n.kinds = append(n.kinds, string(name))
		return nil
	})
	if err := errors.Join(err, unix.Close(kinds.fd)); err != nil {
		return nil, err
	}
	slices.Sort(n.kinds)
	for _, kind := range n.kinds {
		link, err := n.follow(unix.AT_FDCWD, "/proc/self/ns/"+kind)
		if err != nil {
			return nil, err
		}
		n.ours[kind] = string(link)
	}
	if n.tasks, err = openFolder("/proc/self/task"); err != nil {
		return nil, err
	}
	return n, nil
}

func (n *namespaces) keeps() []int { return []int{n.tasks.fd} }

// follow returns what a link in a folder of namespaces names, such as "net:[4026531840]". It is
// good until the next call.
func (n *namespaces) follow(at int, path string) ([]byte, error) {
	length, err := unix.Readlinkat(at, path, n.link)
	if err != nil {
		return nil, fmt.Errorf("namespace %s: %w", path, err)
	}
	return n.link[:length], nil
}

// read appends two strings for each namespace that is not this process's own: who is in it, and
// its name.
func (n *namespaces) read(b []byte) ([]byte, error) {
	err := n.tasks.each(func(tid []byte) error {
		var err error
		b, err = n.appendOther(b, n.tasks.fd, tid, "thread ", ofThread)
		return err
	})
	if err != nil {
		return b, err
	}
	var pid []byte
	for _, process := range n.processes.users {
		pid = strconv.AppendInt(pid[:0], int64(process), 10)
		if b, err = n.appendOther(b, n.proc.fd, pid, "process ", n.kinds); err != nil {
			return b, err
		}
	}
	return b, nil
}

// appendOther appends the namespaces of a thread or process that are not our own.
func (n *namespaces) appendOther(
	b []byte, folder int, task []byte, what string, kinds []string,
) ([]byte, error) {
	path := make([]byte, 0, 64)
	path = append(append(path, task...), "/ns/"...)
	for _, kind := range kinds {
		ours, known := n.ours[kind]
		if !known {
			continue // this kernel has no such namespaces
		}
		link, err := n.follow(folder, string(append(path, kind...)))
		if isGone(err) {
			return b, nil
		}
		if err != nil {
			return b, err
		}
		if string(link) == ours {
			continue
		}
		b = append(append(append(b, what...), task...), 0)
		b = append(append(b, link...), 0)
	}
	return b, nil
}

func (n *namespaces) things(seen []byte) ([]thing, error) {
	var all []thing
	for _, kind := range n.kinds {
		own := thing{kind: Namespace, name: "namespace " + n.ours[kind]}
		if !slices.Contains(all, own) { // that of children is most often the process's
			all = append(all, own)
		}
	}
	err := pairs(seen, func(who, namespace string) {
		all = append(all, thing{kind: Namespace, name: "namespace " + namespace + " of " + who})
	})
	return all, err
}

// isNamespace reports whether the target of a descriptor is a namespace, as "net:[4026531840]".
func isNamespace(target string) bool {
	kind, rest, found := strings.Cut(target, ":[")
	return found && strings.HasSuffix(rest, "]") && slices.Contains(namespaceKinds, kind)
}

// namespaceKinds are the kinds as their files name them (fs/nsfs.c).
var namespaceKinds = []string{"cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"}
