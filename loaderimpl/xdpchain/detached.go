// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/cilium/ebpf"
)

// A Detached tells of a dispatcher that is in the kernel's memory and on no interface.
type Detached struct {
	Dispatcher ebpf.ProgramID `json:"dispatcher"`
	// Programs are in its slots, by links, and keep it in memory until these go. The kernel does
	// not say it before Linux 5.13.
	Programs []ebpf.ProgramID `json:"programs"`
	// Folder has pins of the links; empty where there is none. A dispatcher without one is kept by
	// a process, or is on an interface of another network namespace.
	Folder string `json:"folder"`
}

// ListDetached returns the dispatchers in memory that are on no interface of this network
// namespace, whoever loaded them.
func ListDetached(bpffs string) ([]Detached, error) {
	attached, err := List(bpffs)
	if err != nil {
		return nil, err
	}
	links, err := readLinks()
	if err != nil {
		return nil, err
	}
	folders, err := foldersOf(folder(filepath.Join(bpffs, "xdp")))
	if err != nil {
		return nil, err
	}
	found := []Detached{}
	for id := ebpf.ProgramID(0); ; {
		id, err = ebpf.ProgramGetNextID(id)
		if errors.Is(err, fs.ErrNotExist) {
			return found, nil
		}
		if err != nil {
			return nil, fmt.Errorf("list programs: %w", err)
		}
		is, err := isDispatcher(id)
		if err != nil {
			return nil, err
		}
		if !is || slices.ContainsFunc(attached, func(c *Chain) bool { return c.Dispatcher == id }) {
			continue
		}
		d := Detached{Dispatcher: id, Programs: []ebpf.ProgramID{}, Folder: folders[id]}
		for _, e := range links.extensions[id] {
			d.Programs = append(d.Programs, e.program)
		}
		found = append(found, d)
	}
}

// foldersOf returns the folders of dispatchers' pins.
func foldersOf(pins folder) (map[ebpf.ProgramID]string, error) {
	entries, err := os.ReadDir(string(pins))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	found := make(map[ebpf.ProgramID]string)
	for _, e := range entries {
		if _, id, is := ownerOf(e.Name()); is {
			found[id] = filepath.Join(string(pins), e.Name())
		}
	}
	return found, nil
}

// isDispatcher reports whether a program has the name of a dispatcher. One that is gone has none.
func isDispatcher(id ebpf.ProgramID) (bool, error) {
	p, err := ebpf.NewProgramFromID(id)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("open program %d: %w", id, err)
	}
	defer p.Close()
	info, err := p.Info()
	if err != nil {
		return false, fmt.Errorf("ask for program %d: %w", id, err)
	}
	return info.Type == ebpf.XDP && info.Name == dispatcherName, nil
}
