// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"os"
	"path/filepath"
	"sync"

	"github.com/cilium/ebpf/btf"
)

// kernelBTF returns the types of the running kernel. They are read once and kept: in an emulated
// machine that takes seconds, and a template has them.
var kernelBTF = sync.OnceValues(btf.LoadKernelSpec)

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
