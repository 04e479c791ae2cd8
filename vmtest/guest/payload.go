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
)

// ErrNoPayload is returned where this clone was brought none.
var ErrNoPayload = errors.New("no payload")

// payloadDevice is memory of the machine that is not memory of the guest: a
// PCI device whose content the host chooses anew for each clone. It needs no
// driver, it is mapped before the template is taken, and whatever lies behind
// it when a clone wakes up is simply there.
type payloadDevice struct {
	memory []byte
}

// openPayloadDevice maps the payload device, or returns nil where the machine
// has none.
func openPayloadDevice() (*payloadDevice, error) {
	a, err := arch.Native()
	if err != nil {
		return nil, err
	}
	dir, err := findPCI(a.Payload)
	if err != nil || dir == "" {
		return nil, err
	}
	// Firmware need not have switched the device's memory on.
	if err := os.WriteFile(filepath.Join(dir, "enable"), []byte("1"), 0); err != nil {
		return nil, fmt.Errorf("payload device: %w", err)
	}
	memory, err := mapReadOnly(filepath.Join(dir, fmt.Sprintf("resource%d", a.Payload.BAR)))
	if err != nil {
		return nil, fmt.Errorf("payload device: %w", err)
	}
	return &payloadDevice{memory: memory}, nil
}

// findPCI returns the folder of the first device of this kind, "" if there is
// none.
func findPCI(want arch.PCIDevice) (string, error) {
	dirs, err := filepath.Glob("/sys/bus/pci/devices/*")
	if err != nil {
		return "", err
	}
	for _, dir := range dirs {
		vendor, err := os.ReadFile(filepath.Join(dir, "vendor"))
		if err != nil {
			return "", err
		}
		device, err := os.ReadFile(filepath.Join(dir, "device"))
		if err != nil {
			return "", err
		}
		if strings.TrimSpace(string(vendor)) == fmt.Sprintf("0x%04x", want.Vendor) &&
			strings.TrimSpace(string(device)) == fmt.Sprintf("0x%04x", want.Device) {
			return dir, nil
		}
	}
	return "", nil
}

func mapReadOnly(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	memory, err := unix.Mmap(int(f.Fd()), 0, int(info.Size()), unix.PROT_READ, unix.MAP_SHARED)
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
		return nil, fmt.Errorf("%w: host brings %d bytes, and the machine has no payload device", ErrNoPayload, g.size)
	}
	if g.size > int64(len(g.payload.memory)) {
		return nil, fmt.Errorf("payload of %d bytes in a device of %d", g.size, len(g.payload.memory))
	}
	return g.payload.memory[:g.size], nil
}
