// SPDX-License-Identifier: Apache-2.0

package arch

import (
	"debug/elf"
	"encoding/binary"
)

var table = []Arch{
	{
		Name:           "amd64",
		Debian:         "amd64",
		KernelFlavour:  "cloud-amd64",
		InstalledImage: "vmlinuz",
		BuildImage:     "arch/x86/boot/bzImage",
		ImageFormat:    X86Image,
		ELF:            elf.EM_X86_64,
		ByteOrder:      binary.LittleEndian,

		QEMU: "qemu-system-x86_64",
		// Not microvm: Debian's kernels print nothing on it, and it has no
		// NUMA nodes.
		Machine: "q35",
		// Without cmpxchg16b: QEMU 7.2's TCG now and then comes out of it with
		// garbage for flags. Seen once in some hundred clones, as a kernel that
		// oopses in its allocator right behind one (RFLAGS held the low half
		// of RAX), and as programs whose memory was not what they left. The
		// kernel allocates without it where the CPU has none. Without erms, too: where the CPU
		// says that it copies bytes fast, kernels copy and clear pages a byte at a time, which
		// TCG does in a loop. Unpacking 3.8 MB took 168 ms with it and 120 ms without.
		CPU: "max,cx16=off,erms=off",
		Console: Port{
			Option: "-device", Device: "isa-serial,index=0,chardev=%s", TTY: "ttyS0",
			Kconfig: "SERIAL_8250_CONSOLE",
		},
		Records: Port{Option: "-device", Device: "isa-serial,index=1,chardev=%s", TTY: "ttyS1"},
		// The monitor's NMI shows where a hang is. A fifth page table level makes TCG's page walks
		// longer and tests nothing of BPF. A kernel that sees no timer interrupts while its CPU
		// waits for one of the host's panics ("IO-APIC + timer doesn't work!", check_timer in
		// arch/x86/kernel/apic/io_apic.c), and QEMU's timer is not broken.
		KernelArgs: []string{"unknown_nmi_panic=1", "no5lvl", "no_timer_check"},
		Exit: Exit{
			Device: "isa-debug-exit,iobase=0x501,iosize=2", IOPort: 0x501, Value: 0x10,
			Status: 0x10<<1 | 1,
		},
		Payload: PCIDevice{Driver: "ivshmem-plain", Vendor: 0x1af4, Device: 0x1110, BAR: 2},
		Ring:    PCIDevice{Driver: "ivshmem-plain", Vendor: 0x1af4, Device: 0x1110, BAR: 2},
		NMI:     true,
		Clones:  true,

		proved: "Debian's cloud kernels, QEMU 7.2, TCG",
	},
	// Stock Debian 6.12 has booted to a Go program on the next two, but never with
	// this project's guest, payload or template.
	{
		Name:           "arm64",
		Debian:         "arm64",
		KernelFlavour:  "cloud-arm64",
		InstalledImage: "vmlinuz",
		BuildImage:     "arch/arm64/boot/Image",
		ImageFormat:    ARM64Image,
		ELF:            elf.EM_AARCH64,
		ByteOrder:      binary.LittleEndian,

		QEMU:    "qemu-system-aarch64",
		Machine: "virt",
		CPU:     "max",
		Console: Port{
			Option: "-serial", Device: "chardev:%s", TTY: "ttyAMA0",
			Kconfig: "SERIAL_AMBA_PL011_CONSOLE",
		},
		Records: Port{Option: "-device", Device: "pci-serial,chardev=%s", TTY: "ttyS0"},
		Payload: PCIDevice{Driver: "ivshmem-plain", Vendor: 0x1af4, Device: 0x1110, BAR: 2},
	},
	{
		Name:           "s390x",
		Debian:         "s390x",
		KernelFlavour:  "s390x",
		InstalledImage: "vmlinuz",
		BuildImage:     "arch/s390/boot/bzImage",
		ImageFormat:    S390Image,
		ELF:            elf.EM_S390,
		ByteOrder:      binary.BigEndian,

		QEMU:    "qemu-system-s390x",
		Machine: "s390-ccw-virtio",
		CPU:     "max",
		Console: Port{
			Option: "-device", Device: "sclpconsole,chardev=%s", TTY: "ttysclp0",
			Kconfig: "SCLP_CONSOLE",
		},
		Records: Port{Option: "-device", Device: "sclplmconsole,chardev=%s", TTY: "sclp_line0"},
		NMI:     true,
	},
}
