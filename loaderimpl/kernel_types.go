// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"sync"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/sys"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// A runningKernel reads the types of the running kernel. Those of vmlinux are a few megabytes that
// never change while it runs, so a process reads them once and keeps them. Modules come and go:
// theirs are read each time.
type runningKernel struct{ sys.KernelTypes }

// Vmlinux returns the types of vmlinux, of which only what is asked for is read.
func (k runningKernel) Vmlinux() (*typeinfo.Types, error) {
	return indexedVmlinux.get(func() (*typeinfo.Types, error) {
		raw, err := k.KernelTypes.Vmlinux()
		if err != nil {
			return nil, err
		}
		return typeinfo.ParseKernel(raw, nil)
	})
}

var indexedVmlinux kept[*typeinfo.Types]

// A kept value is read once; what could not be read is tried again.
type kept[T comparable] struct {
	mu    sync.Mutex
	value T
}

func (k *kept[T]) get(read func() (T, error)) (T, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	var none T
	if k.value != none {
		return k.value, nil
	}
	value, err := read()
	if err == nil {
		k.value = value
	}
	return value, err
}
