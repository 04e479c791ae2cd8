// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"fmt"
	"os"
	"strings"

	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/record"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
	"github.com/loadstone-bpf/loadstone/vmtest/guest/inkernel"
)

// The specs that do what a spec may do.
var (
	_ = Hidden("faults.pass", func(s *Session) {
		Expect(s.Kernel().Maps).NotTo(ContainElement(uint32(0)))
	})

	_ = Hidden("faults.fail", func(s *Session) {
		Expect("the kernel").To(Equal("what was expected"))
	})

	_ = Hidden("faults.panic-in-spec", func(s *Session) {
		panic("a bug of the spec")
	})
)

// The specs that break the kernel.
var (
	_ = fault("faults.panic", sysrq("c"))
	_ = fault("faults.reset", sysrq("b"))
	_ = fault("faults.oops", inKernel(inkernel.NullWrite))
	_ = fault("faults.hang-kernel", inKernel(inkernel.HangWithoutInterrupts))

	_ = fault("faults.splat", warn)

	// What user space writes into the log is not the kernel's.
	_ = fault("faults.forged-splat", func(Faults) error {
		return log("WARNING: CPU: 0 PID: 1 at kernel/bpf/faults.c:1 a_splat_that_is_not_one+0x1/0x2")
	})
	_ = fault("faults.taint", func(Faults) error { // without a line in the log
		return os.WriteFile("/proc/sys/kernel/tainted", []byte("64"), 0)
	})
	_ = fault("faults.log-overrun", func(Faults) error { // a log with a hole proves nothing
		return flood()
	})
)

// The specs that break the guest program.
var (
	_ = fault("faults.hang-user", func(Faults) error { select {} })

	_ = fault("faults.out-of-memory", func(Faults) error { return exhaust() })

	_ = fault("faults.exit", func(Faults) error {
		os.Exit(3)
		return nil
	})

	// All is well, and then there is no end record.
	_ = fault("faults.no-end", func(f Faults) error {
		f.Send(record.KernelLog{Spec: "faults.no-end"})
		f.Send(record.Finish{Spec: "faults.no-end", Outcome: record.Passed})
		return unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
	})

	_ = fault("faults.power-off", func(Faults) error { // without the record that says so
		return unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
	})
)

// The specs that break the records.
var (
	_ = fault("faults.silent", func(f Faults) error {
		f.Vanish()
		return nil
	})

	_ = fault("faults.large-record", func(f Faults) error {
		const size = 4 << 20
		return write(f, fmt.Sprintf("@%d 00000000 %s\n", size, strings.Repeat("x", size)))
	})

	_ = fault("faults.garbage", func(f Faults) error {
		every := make([]byte, 4<<10)
		for i := range every {
			every[i] = byte(i)
		}
		return write(f, string(every)+"\n")
	})

	_ = fault("faults.half-record", func(f Faults) error {
		if err := write(f, `@120 00000000 {"type":"finish","spec":"faults.half-record","outcome":"pass`); err != nil {
			return err
		}
		return unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
	})
)

// fault registers a spec that does one thing that no spec should.
func fault(id string, do func(Faults) error) Registration {
	return Hidden(id, func(s *Session) { Expect(do(s.Faults())).To(Succeed()) })
}

// inKernel runs code in the kernel.
func inKernel(code []byte) func(Faults) error {
	return func(Faults) error { return inkernel.Run(code) }
}

// sysrq presses a key of the magic SysRq.
func sysrq(key string) func(Faults) error {
	return func(Faults) error { return os.WriteFile("/proc/sysrq-trigger", []byte(key), 0) }
}

// log writes a line to the kernel's log, which notes that it is not the kernel's own. No console is
// in the way: its level is below all of them.
func log(line string) error { return os.WriteFile("/dev/kmsg", []byte("<6>"+line+"\n"), 0) }

// flood writes more than the kernel's log can hold.
func flood() error {
	line := strings.Repeat("flood ", 150)
	for range 8 << 10 {
		if err := log(line); err != nil {
			return err
		}
	}
	return nil
}

// exhaust uses memory until there is none.
func exhaust() error {
	var kept [][]byte
	for {
		b := make([]byte, 16<<20)
		for i := 0; i < len(b); i += os.Getpagesize() {
			b[i] = 1
		}
		kept = append(kept, b)
		if len(kept) > 1<<20 {
			return fmt.Errorf("this machine has too much memory: %d blocks", len(kept))
		}
	}
}

// write writes to the stream below the records.
func write(f Faults, text string) error {
	if f.Raw() == nil {
		return fmt.Errorf("no raw stream")
	}
	if _, err := f.Raw().Write([]byte(text)); err != nil {
		return fmt.Errorf("write past the records: %w", err)
	}
	return nil
}
