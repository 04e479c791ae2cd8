// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	"encoding/binary"
	"fmt"
)

// Slots is the number of programs that a dispatcher calls.
const Slots = 10

// The versions of the configuration. A dispatcher of version 1 says its version in its BTF only.
const (
	oldestVersion = 1 // libxdp up to 1.2
	fragsVersion  = 2 // up to 1.5
	newestVersion = 3 // from 1.6
)

const magic = 236 // XDP_DISPATCHER_MAGIC

// Sizes of the configuration in bytes, by version.
var configSizes = map[int]int{oldestVersion: 84, fragsVersion: 124, newestVersion: 128}

// A slotConfig tells the dispatcher of one program.
type slotConfig struct {
	actions  Actions
	priority uint32
	flags    uint32 // of BPF_PROG_LOAD, as the program would have them by itself
}

// A config is what a dispatcher has in its read-only data: struct xdp_dispatcher_config.
type config struct {
	version  int
	frags    bool // the dispatcher takes packets of several buffers
	devBound bool // the dispatcher is bound to the interface
	slots    []slotConfig
}

// parseConfig reads the configuration of a dispatcher. A config that does not say its version has
// the one that the dispatcher's BTF says, 0 for none. The error wraps [ErrConfig].
func parseConfig(data []byte, order binary.ByteOrder, fromBTF int) (*config, error) {
	if len(data) < 2 {
		return nil, fmt.Errorf("%d bytes: %w", len(data), ErrConfig)
	}
	version := fromBTF
	if data[0] == magic {
		version = int(data[1])
	}
	size, known := configSizes[version]
	switch {
	case !known:
		return nil, fmt.Errorf("version %d, known are %d to %d: %w", version, oldestVersion,
			newestVersion, ErrConfig)
	case data[0] == magic && version == oldestVersion:
		return nil, fmt.Errorf("version 1 with a magic number: %w", ErrConfig)
	case len(data) < size:
		return nil, fmt.Errorf("version %d in %d bytes, want %d: %w", version, len(data), size,
			ErrConfig)
	}
	c := &config{version: version}
	count, rest := data[0], data[4:]
	if version >= fragsVersion {
		count, c.frags = data[2], data[3] != 0
	}
	if count > Slots {
		return nil, fmt.Errorf("%d programs, at most %d: %w", count, Slots, ErrConfig)
	}
	for i := range int(count) {
		number := func(table int) uint32 { return order.Uint32(rest[(table*Slots+i)*4:]) }
		s := slotConfig{actions: Actions(number(0) &^ emptySlot), priority: number(1)}
		if version >= fragsVersion {
			s.flags = number(2)
		}
		c.slots = append(c.slots, s)
	}
	c.devBound = version >= newestVersion && data[124] != 0
	return c, nil
}

// encode writes the configuration for a dispatcher of version 2 or 3.
func (c *config) encode(order binary.ByteOrder) []byte {
	data := make([]byte, configSizes[c.version])
	data[0], data[1], data[2] = magic, byte(c.version), byte(len(c.slots))
	if c.frags {
		data[3] = 1
	}
	for i, s := range c.slots {
		for table, n := range []uint32{uint32(s.actions) | emptySlot, s.priority, s.flags} {
			order.PutUint32(data[4+(table*Slots+i)*4:], n)
		}
	}
	if c.version >= newestVersion && c.devBound {
		data[124] = 1
	}
	return data
}
