// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/vmtest/arch"
	"github.com/loadstone-bpf/loadstone/vmtest/guest/wire"
)

// ErrNoPayload reports that this clone was brought none.
var ErrNoPayload = errors.New("no payload")

// payloadDevice holds memory of the machine that is not memory of the guest: a
// PCI device whose content the host chooses anew for each clone. It needs no
// driver, it is mapped before the template is taken, and whatever lies behind
// it when a clone wakes up is simply there.
type payloadDevice struct {
	memory []byte
}

// openMemoryDevices maps the devices whose memory the guest shares with the
// host: the payload, and the ring for records. Each is nil where the machine
// has none. They may be of one kind, so what is in a ring says that it is one.
func openMemoryDevices() (payload *payloadDevice, ring *wire.Ring, err error) {
	a, err := arch.Native()
	if err != nil {
		return nil, nil, err
	}
	dirs, err := findPCI(a.Payload, a.Ring)
	if err != nil {
		return nil, nil, err
	}
	for dir, bar := range dirs {
		// Firmware need not have switched the device's memory on.
		if err := os.WriteFile(filepath.Join(dir, "enable"), []byte("1"), 0); err != nil {
			return nil, nil, fmt.Errorf("memory device: %w", err)
		}
		resource := filepath.Join(dir, fmt.Sprintf("resource%d", bar))
		memory, err := mapShared(resource, os.O_RDONLY, unix.PROT_READ)
		if err != nil {
			return nil, nil, fmt.Errorf("memory device: %w", err)
		}
		if !wire.IsRing(memory) {
			payload = &payloadDevice{memory: memory}
			continue
		}
		if ring, err = openRing(resource); err != nil {
			return nil, nil, err
		}
	}
	return payload, ring, nil
}

// openRing maps the ring in a device's memory.
func openRing(resource string) (*wire.Ring, error) {
	memory, err := mapShared(resource, os.O_RDWR, unix.PROT_READ|unix.PROT_WRITE)
	if err != nil {
		return nil, fmt.Errorf("record ring: %w", err)
	}
	ring, err := wire.OpenRing(memory)
	if err != nil {
		return nil, err
	}
	return &ring, nil
}

// findPCI returns the folders of all devices of these kinds, each with the
// number of the base address register that has its memory.
func findPCI(wanted ...arch.PCIDevice) (map[string]int, error) {
	dirs, err := filepath.Glob("/sys/bus/pci/devices/*")
	if err != nil {
		return nil, err
	}
	found := make(map[string]int)
	for _, dir := range dirs {
		vendor, err := os.ReadFile(filepath.Join(dir, "vendor"))
		if err != nil {
			return nil, err
		}
		device, err := os.ReadFile(filepath.Join(dir, "device"))
		if err != nil {
			return nil, err
		}
		for _, want := range wanted {
			if strings.TrimSpace(string(vendor)) == fmt.Sprintf("0x%04x", want.Vendor) &&
				strings.TrimSpace(string(device)) == fmt.Sprintf("0x%04x", want.Device) {
				found[dir] = want.BAR
			}
		}
	}
	return found, nil
}

// mapShared maps the whole of a file.
func mapShared(file string, flags, protection int) ([]byte, error) {
	f, err := os.OpenFile(file, flags, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	memory, err := unix.Mmap(int(f.Fd()), 0, int(info.Size()), protection, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map %s: %w", file, err)
	}
	return memory, nil
}

// Payload returns what this clone was brought: a newc archive for [Unpack].
// The slice is memory of a device; it can be read and not written, and stays
// as it is until the end. Payload returns [ErrNoPayload] if there is none, as
// always before [Guest.WaitOrder].
func (g *Guest) Payload() ([]byte, error) {
	if g.size == 0 {
		return nil, ErrNoPayload
	}
	if g.payload == nil {
		return nil, fmt.Errorf("%w: host brings %d bytes, and the machine has no payload device",
			ErrNoPayload, g.size)
	}
	if g.size > int64(len(g.payload.memory)) {
		return nil, fmt.Errorf("payload of %d bytes in a device of %d", g.size,
			len(g.payload.memory))
	}
	return g.payload.memory[:g.size], nil
}
