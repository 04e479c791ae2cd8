// SPDX-License-Identifier: Apache-2.0

package bpftool

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/drivers/command"
	"github.com/loadstone-bpf/loadstone/loader"
)

// pins holds a bpffs that is mounted nowhere: its files have paths through a descriptor only, and
// go away with the last descriptor.
type pins struct{ root *os.File }

func newPins() (*pins, error) {
	root, err := command.NewBPFFS()
	return &pins{root}, err
}

// ours returns the path of a file for this process.
func (p *pins) ours(name string) string {
	return filepath.Join(fmt.Sprintf("/proc/self/fd/%d", p.root.Fd()), name)
}

// theirs returns the path of a file for a command that gets the root as its first file.
func (p *pins) theirs(name string) string { return filepath.Join("/proc/self/fd/3", name) }

// files returns the pins of a folder, or the path itself if it is a pin.
func (p *pins) files(name string) ([]string, error) {
	info, err := os.Stat(p.ours(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // nothing to pin, no folder
	}
	if err != nil || !info.IsDir() {
		return []string{name}, err
	}
	entries, err := os.ReadDir(p.ours(name))
	var all []string
	for _, e := range entries {
		all = append(all, filepath.Join(name, e.Name()))
	}
	return all, err
}

// maps returns the maps that are pinned in a folder, each named by its file: bpftool names that by
// the object's map, with _ for a dot. One that the object does not define, such as data, has the
// kernel's name.
func (p *pins) maps(folder string, o *command.Object) ([]loader.MapView, error) {
	files, err := p.files(folder)
	if err != nil {
		return nil, err
	}
	views := []loader.MapView{}
	for _, file := range files {
		m, err := ebpf.LoadPinnedMap(p.ours(file), &ebpf.LoadPinOptions{})
		if err != nil {
			return nil, fmt.Errorf("pinned map %s: %w", file, err)
		}
		info, err := m.Info()
		m.Close()
		if err != nil {
			return nil, fmt.Errorf("pinned map %s: %w", file, err)
		}
		id, _ := info.ID() // since Linux 4.13
		name := info.Name
		for _, defined := range o.Maps {
			if strings.ReplaceAll(defined.Name, ".", "_") == filepath.Base(file) {
				name = defined.Name
			}
		}
		views = append(views, loader.MapView{Name: name, ID: uint32(id)})
	}
	return views, nil
}

// programs returns the programs that are pinned in a folder, named by the one function of the
// object that the kernel's name may stand for; by the kernel's name if there is none or several.
func (p *pins) programs(folder string, o *command.Object) ([]loader.ProgramView, error) {
	files, err := p.files(folder)
	if err != nil {
		return nil, err
	}
	views := []loader.ProgramView{}
	for _, file := range files {
		program, err := ebpf.LoadPinnedProgram(p.ours(file), nil)
		if err != nil {
			return nil, fmt.Errorf("pinned program %s: %w", file, err)
		}
		info, err := program.Info()
		program.Close()
		if err != nil {
			return nil, fmt.Errorf("pinned program %s: %w", file, err)
		}
		id, _ := info.ID() // since Linux 4.13
		view := loader.ProgramView{Name: info.Name, ID: uint32(id)}
		if program, ok := o.Program(info.Name); ok {
			view.Name, view.Section = program.Name, program.Section
		}
		views = append(views, view)
	}
	return views, nil
}

// remove removes a folder and the pins in it.
func (p *pins) remove(folder string) error {
	if err := os.RemoveAll(p.ours(folder)); err != nil {
		return fmt.Errorf("remove pins: %w", err)
	}
	return nil
}
