// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"os"
	"path/filepath"
)

// KernelTypes reads the BTF of the running kernel, as the kernel shows it in sysfs.
type KernelTypes struct{}

const (
	btfFolder = "/sys/kernel/btf"
	vmlinux   = "vmlinux"
)

// Vmlinux returns the types of the kernel without its modules. The error is [os.ErrNotExist] for a
// kernel that was built without types.
func (KernelTypes) Vmlinux() ([]byte, error) {
	return os.ReadFile(filepath.Join(btfFolder, vmlinux))
}

// Modules lists the modules that are loaded and have types.
func (KernelTypes) Modules() ([]string, error) {
	entries, err := os.ReadDir(btfFolder)
	var names []string
	for _, e := range entries {
		if e.Name() != vmlinux {
			names = append(names, e.Name())
		}
	}
	return names, err
}

// Module returns the types of a module, which go on from vmlinux's. The error is [os.ErrNotExist]
// if the module is not loaded.
func (KernelTypes) Module(name string) ([]byte, error) {
	return os.ReadFile(filepath.Join(btfFolder, name))
}
