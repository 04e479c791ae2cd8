// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/cilium/ebpf/btf"
)

// kernelBTF returns the types of the running kernel. They are read once and kept: in an emulated
// machine that takes seconds, and a template has them.
var kernelBTF = sync.OnceValues(btf.LoadKernelSpec)

// KernelStruct returns a structure of the running kernel, without its modules, by its name.
func KernelStruct(name string) (*btf.Struct, error) {
	types, err := kernelBTF()
	if err != nil {
		return nil, fmt.Errorf("read BTF of the kernel: %w: %w", ErrCannotTell, err)
	}
	var found *btf.Struct
	if err := types.TypeByName(name, &found); err != nil {
		return nil, fmt.Errorf("struct %s of the kernel: %w", name, err)
	}
	return found, nil
}

// btfFolder holds a file of BTF for the kernel, and one for each module that has BTF.
const btfFolder = "/sys/kernel/btf"

// splitBTF returns the types of a module, which refer to the kernel's.
func splitBTF(module string, kernel *btf.Spec) (*btf.Spec, error) {
	file, err := os.Open(filepath.Join(btfFolder, module))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return btf.LoadSplitSpecFromReader(file, kernel)
}
