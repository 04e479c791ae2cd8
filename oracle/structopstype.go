// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/cilium/ebpf/btf"
)

// A StructOpsType names a structure of the kernel, or of a module that is loaded, whose functions
// BPF programs may be.
type StructOpsType struct {
	Name    string   // "tcp_congestion_ops"
	Module  string   // "vmlinux" for the kernel itself
	Members []string // in the kernel's order
}

// StructOpsTypes returns the structures that this kernel has BTF of, those of the kernel first, by
// name. A kernel may still refuse to register one. The error wraps [ErrCannotTell] on a kernel
// without BTF of itself.
func StructOpsTypes() ([]StructOpsType, error) {
	files, err := os.ReadDir(btfFolder)
	if err != nil {
		return nil, fmt.Errorf("list BTF of the kernel: %w: %w", ErrCannotTell, err)
	}
	var all []StructOpsType
	for _, file := range files {
		raw, err := os.ReadFile(filepath.Join(btfFolder, file.Name()))
		if errors.Is(err, os.ErrNotExist) {
			continue // a module that has gone since
		}
		if err != nil {
			return nil, fmt.Errorf("read BTF of %s: %w", file.Name(), err)
		}
		found, err := structOpsTypesOf(file.Name(), raw)
		if err != nil {
			return nil, err
		}
		if file.Name() == vmlinux {
			all = slices.Concat(found, all)
		} else {
			all = append(all, found...)
		}
	}
	return all, nil
}

// structOpsTypesOf returns the structures of one module. Its BTF is looked into only where a string
// in it says that there may be one: to read all of the kernel's takes long.
func structOpsTypesOf(module string, raw []byte) ([]StructOpsType, error) {
	names := namesWith(raw, structOpsPrefix)
	if len(names) == 0 {
		return nil, nil
	}
	types, err := specOf(module)
	if err != nil {
		return nil, err
	}
	var all []StructOpsType
	for _, name := range names {
		var value *btf.Struct
		err := types.TypeByName(name, &value)
		if errors.Is(err, btf.ErrNotFound) {
			continue // the name of a function or an enum
		}
		if err != nil {
			return nil, fmt.Errorf("struct %s in BTF of %s: %w", name, module, err)
		}
		layout, ok := layoutIn(value)
		if !ok {
			continue
		}
		t := StructOpsType{Name: layout.structure.Name, Module: module}
		for _, m := range layout.structure.Members {
			t.Members = append(t.Members, m.Name)
		}
		all = append(all, t)
	}
	return all, nil
}

func specOf(module string) (*btf.Spec, error) {
	kernel, err := kernelBTF()
	if err != nil {
		return nil, fmt.Errorf("read BTF of %s: %w: %w", vmlinux, ErrCannotTell, err)
	}
	if module == vmlinux {
		return kernel, nil
	}
	types, err := splitBTF(module, kernel)
	if err != nil {
		return nil, fmt.Errorf("read BTF of %s: %w: %w", module, ErrCannotTell, err)
	}
	return types, nil
}

// namesWith returns the strings of BTF that begin with a prefix, sorted, each once. Strings end
// with a zero.
func namesWith(raw []byte, prefix string) []string {
	var names []string
	mark := append([]byte{0}, prefix...)
	for {
		at := bytes.Index(raw, mark)
		if at < 0 {
			break
		}
		raw = raw[at+1:]
		end := bytes.IndexByte(raw, 0)
		if end < 0 {
			break
		}
		names = append(names, string(raw[:end]))
		raw = raw[end:]
	}
	slices.Sort(names)
	return slices.Compact(names)
}
