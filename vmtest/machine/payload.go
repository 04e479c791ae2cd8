// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// ErrPayloadTooLarge marks errors about a payload that does not fit
// into the machine's payload device.
var ErrPayloadTooLarge = errors.New("payload too large")

// Payload holds what a guest is brought besides its image: sealed memory that any number of
// machines can read. It does not change with the file that it was copied from, and leaves nothing
// on any disk.
type Payload struct {
	file     *os.File
	size     int64 // of the content
	capacity int64 // size rounded up to the device's
}

// OpenPayload makes a payload of a file, for machines whose payload device has
// deviceMiB MiB ([Config.PayloadMiB]; 0 means the default). The payload must
// be closed when no clone is started with it any more.
func OpenPayload(name string, deviceMiB int) (*Payload, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("payload: %w", err)
	}
	defer f.Close()
	return NewPayload(f, deviceMiB)
}

// NewPayload works like [OpenPayload] for what r holds.
func NewPayload(r io.Reader, deviceMiB int) (_ *Payload, err error) {
	if deviceMiB == 0 {
		deviceMiB = defaultPayloadMiB
	}
	fd, err := unix.MemfdCreate("loadstone-payload", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, fmt.Errorf("payload: %w", err)
	}
	p := &Payload{file: os.NewFile(uintptr(fd), "payload"), capacity: int64(deviceMiB) << 20}
	defer func() {
		if err != nil {
			p.file.Close()
		}
	}()
	if p.size, err = io.Copy(p.file, io.LimitReader(r, p.capacity+1)); err != nil {
		return nil, fmt.Errorf("payload: %w", err)
	}
	if p.size > p.capacity {
		return nil, fmt.Errorf("%w: more than %d MiB", ErrPayloadTooLarge, deviceMiB)
	}
	// The device's memory has one size; what is not content is a hole.
	if err := p.file.Truncate(p.capacity); err != nil {
		return nil, fmt.Errorf("payload: %w", err)
	}
	return p, p.seal()
}

// seal makes the content final.
func (p *Payload) seal() error {
	_, err := unix.FcntlInt(p.file.Fd(), unix.F_ADD_SEALS,
		unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_WRITE|unix.F_SEAL_SEAL)
	if err != nil {
		return fmt.Errorf("seal payload: %w", err)
	}
	return nil
}

// Close frees the payload once the last machine that reads it is gone.
func (p *Payload) Close() error { return p.file.Close() }

// noPayload returns memory for a payload device with nothing in it. It is not
// sealed: a template maps it shared.
func noPayload(deviceMiB int) (*Payload, error) {
	fd, err := unix.MemfdCreate("loadstone-no-payload", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("payload: %w", err)
	}
	p := &Payload{file: os.NewFile(uintptr(fd), "no payload"), capacity: int64(deviceMiB) << 20}
	if err := p.file.Truncate(p.capacity); err != nil {
		p.file.Close()
		return nil, fmt.Errorf("payload: %w", err)
	}
	return p, nil
}
