// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"errors"
	"fmt"
	"os"

	"github.com/cilium/ebpf"
)

// ErrNoSuchKey reports a key that a map does not hold.
var ErrNoSuchKey = errors.New("the map holds no such key")

// Lookup returns the value under key in the map of that id, as bytes; for a per-CPU map, the values
// of all possible CPUs, each rounded up to 8 bytes. The error wraps [ErrNoSuchObject] or
// [ErrNoSuchKey].
func Lookup(id uint32, key []byte) ([]byte, error) {
	m, err := ebpf.NewMapFromID(ebpf.MapID(id))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("map %d: %w", id, ErrNoSuchObject)
	}
	if err != nil {
		return nil, fmt.Errorf("open map %d: %w", id, err)
	}
	defer m.Close()
	value, err := m.LookupBytes(key)
	if err != nil {
		return nil, fmt.Errorf("look up % x in map %d: %w", key, id, err)
	}
	if value == nil {
		return nil, fmt.Errorf("% x in map %d: %w", key, id, ErrNoSuchKey)
	}
	return value, nil
}

// Store puts a value under a key of the map of that id, as any process with the right to may. The
// error wraps [ErrNoSuchObject], or is the kernel's: [os.ErrPermission] for a map that is frozen.
func Store(id uint32, key, value []byte) error {
	m, err := ebpf.NewMapFromID(ebpf.MapID(id))
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("map %d: %w", id, ErrNoSuchObject)
	}
	if err != nil {
		return fmt.Errorf("open map %d: %w", id, err)
	}
	defer m.Close()
	if err := m.Put(key, value); err != nil {
		return fmt.Errorf("store % x in map %d: %w", key, id, err)
	}
	return nil
}
