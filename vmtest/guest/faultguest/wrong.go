// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/vmtest/arch"
	"github.com/loadstone-bpf/loadstone/vmtest/guest"
	"github.com/loadstone-bpf/loadstone/vmtest/guest/inkernel"
	"github.com/loadstone-bpf/loadstone/vmtest/guest/wire"
)

// inKernel runs code in the kernel.
func inKernel(code []byte) fault {
	return func(*guest.Guest, []string) error { return inkernel.Run(code) }
}

// sysrq presses a key of the magic SysRq.
func sysrq(key string) fault {
	return func(*guest.Guest, []string) error {
		return os.WriteFile("/proc/sysrq-trigger", []byte(key), 0)
	}
}

// hangUser never says anything again. The kernel is well.
func hangUser(*guest.Guest, []string) error {
	select {}
}

// outOfMemory uses memory until there is none.
func outOfMemory(*guest.Guest, []string) error {
	var kept [][]byte
	for {
		b := make([]byte, 16<<20)
		for i := 0; i < len(b); i += os.Getpagesize() {
			b[i] = 1
		}
		kept = append(kept, b)
		if len(kept) > 1<<20 {
			return errors.New("this machine has too much memory")
		}
	}
}

// exit acts as a PID 1 that exits.
func exit(*guest.Guest, []string) error {
	os.Exit(3)
	return nil
}

// goPanic acts as a PID 1 with a bug.
func goPanic(*guest.Guest, []string) error {
	panic("a bug of the guest program")
}

// powerOff ends without a word.
func powerOff(*guest.Guest, []string) error {
	guest.PowerOff()
	return nil
}

// failure ends with an error.
func failure(*guest.Guest, []string) error {
	return errors.New("an error of the guest program")
}

// writeRaw writes bytes past the guest's own framing.
func writeRaw(b []byte) error {
	a, err := arch.Native()
	if err != nil {
		return err
	}
	fd, err := unix.Open("/dev/"+a.Records.TTY, unix.O_WRONLY|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	for len(b) > 0 {
		n, err := unix.Write(fd, b)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return err
		}
		b = b[n:]
	}
	// The kernel does not take this up again after a signal, and Go's scheduler sends them.
	for {
		if err := unix.IoctlSetInt(fd, unix.TCSBRK, 1); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// largeRecord writes a record of 4 MiB, and one after it.
func largeRecord(g *guest.Guest, _ []string) error {
	huge := strings.Repeat("x", 4<<20)
	if _, err := g.Records.Write([]byte(huge)); !errors.Is(err, wire.ErrRecordTooLarge) {
		return fmt.Errorf("a record of 4 MiB was not refused: %w", err)
	}
	if err := writeRaw(fmt.Appendf(nil, "@%d 00000000 %s\n", len(huge), huge)); err != nil {
		return err
	}
	return record(g, "after", "large-record")
}

// garbage writes every byte there is, and a record after it.
func garbage(g *guest.Guest, _ []string) error {
	b := make([]byte, 0, 1<<12)
	for len(b) < cap(b)-1 {
		b = append(b, byte(len(b)))
	}
	if err := writeRaw(append(b, '\n')); err != nil {
		return err
	}
	return record(g, "after", "garbage")
}

// halfRecord dies in the middle of a record.
func halfRecord(*guest.Guest, []string) error {
	whole, err := wire.AppendFrame(nil, wire.KindRecord, []byte(`{"half":"record"}`))
	if err != nil {
		return err
	}
	if err := writeRaw(whole[:len(whole)/2]); err != nil {
		return err
	}
	guest.PowerOff()
	return nil
}

// floodConsole writes 2 MiB to the console.
func floodConsole(*guest.Guest, []string) error {
	line := strings.Repeat("flood ", 20)
	for written := 0; written < 2<<20; written += len(line) + 1 {
		if _, err := fmt.Println(line); err != nil {
			return err
		}
	}
	return nil
}

// chatter writes records for ever, slowly enough to be no flood.
func chatter(g *guest.Guest, _ []string) error {
	for tick := range time.Tick(50 * time.Millisecond) {
		if err := record(g, "tick", tick.UnixNano()); err != nil {
			return err
		}
	}
	return nil
}
