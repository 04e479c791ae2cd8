// SPDX-License-Identifier: Apache-2.0

package arch

import (
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
)

var (
	// ErrUnknown marks errors about a name that is not in the table.
	ErrUnknown = errors.New("unknown architecture")

	// ErrUnproved marks errors about an architecture on which no test guest has run.
	ErrUnproved = errors.New("architecture not proved")
)

// Arch describes an architecture that kernels are tested on.
type Arch struct {
	// Name is GOARCH, and what users write.
	Name string
	// Debian is what Debian calls it, in package names and repositories.
	Debian string
	// KernelFlavour is the Debian flavour of the kernel with the fewest
	// drivers that boots in a VM: linux-image-<release>-<flavour>.
	KernelFlavour string
	// InstalledImage is the file name of an installed kernel, which a dash and
	// its release follow in /boot; BuildImage is its path in a build tree.
	InstalledImage, BuildImage string
	// ImageFormat tells how a boot image says what it is.
	ImageFormat ImageFormat
	// ELF and ByteOrder are those of its programs.
	ELF       elf.Machine
	ByteOrder binary.ByteOrder

	// QEMU is the name of the system emulator.
	QEMU string
	// Machine is the argument of -machine, CPU that of -cpu: each a value
	// that works with every accelerator.
	Machine, CPU string
	// Console and Records are the two serial ports.
	Console, Records Port
	// KernelArgs are what the kernel needs here besides the common ones.
	KernelArgs []string
	// Exit is how a guest ends its machine at once and proves that it did.
	Exit Exit
	// Payload is the QEMU device, by its PCI ids, through which a guest
	// reads what it is brought, or a zero value where there is none.
	Payload PCIDevice
	// Ring is the QEMU device with the memory through which a guest's records
	// go to the host (see package vmtest/guest/wire), or a zero value where
	// there is none and they go over the serial port. It may be of the same
	// kind as Payload: a guest tells them apart by what is in them.
	Ring PCIDevice
	// NMI says whether QMP's inject-nmi makes the kernel panic with a
	// backtrace.
	NMI bool
	// Clones says whether a template of this machine type can be resumed.
	Clones bool

	// proved names where a test guest ran; empty for an entry that was
	// written down and not tried.
	proved string
}

// ImageFormat names a format of boot images. Architectures may share one; what
// reads it is in package vmtest/kernel.
type ImageFormat string

const (
	X86Image   ImageFormat = "x86"   // Documentation/arch/x86/boot.rst
	ARM64Image ImageFormat = "arm64" // Documentation/arch/arm64/booting.rst, EFI zboot too
	S390Image  ImageFormat = "s390"  // arch/s390/boot/head.S
)

// Port describes a serial port.
type Port struct {
	// Device are the arguments of -device (or, where the machine has the port
	// built in, of -serial) with %s in the place of the chardev's id.
	Option, Device string
	// Kconfig is the symbol of the kernel's console on it; empty for a port
	// that is no console.
	Kconfig string
	// TTY is the guest's name of it, below /dev.
	TTY string
}

// Exit describes a device whose write ends QEMU.
type Exit struct {
	// Device is the argument of -device; empty where there is none and the
	// guest powers off instead.
	Device string
	// IOPort is the x86 I/O port to write to, Value what to write, and Status
	// is the exit status that QEMU then has.
	IOPort uint16
	Value  byte
	Status int
}

// PCIDevice describes a device on the PCI bus, by its vendor and device number.
type PCIDevice struct {
	Driver         string // QEMU's name
	Vendor, Device uint16
	BAR            int // the base address register with the memory
}

// ByName returns the architecture called name (GOARCH, or Debian's name), for a
// machine that runs. Its error wraps [ErrUnknown], or [ErrUnproved] where the
// entry is only written down.
func ByName(name string) (Arch, error) {
	a, err := Describe(name)
	if err == nil && a.proved == "" {
		return Arch{}, fmt.Errorf("%w: %s is in the table, but no test guest has run on it; use %s",
			ErrUnproved, name, strings.Join(Names(), ", "))
	}
	return a, err
}

// Describe returns the architecture called name as [ByName] does, proved or
// not, for what runs nothing: fetching kernels and reading their images. Its
// error wraps [ErrUnknown].
func Describe(name string) (Arch, error) {
	for _, a := range table {
		if a.Name == name || a.Debian == name {
			return a, nil
		}
	}
	return Arch{}, fmt.Errorf("%w: %q; use %s", ErrUnknown, name, strings.Join(Names(), ", "))
}

// All returns every entry of the table, proved or not, in its order.
func All() []Arch { return slices.Clone(table) }

// Default returns the architecture that machines have where none is named: the
// first of the table.
func Default() Arch { return table[0] }

// Native returns the architecture this program runs on. Its errors are those
// of [ByName].
func Native() (Arch, error) {
	return ByName(runtime.GOARCH)
}

// Names returns the names of the architectures that test guests run on,
// sorted.
func Names() []string {
	var names []string
	for _, a := range table {
		if a.proved != "" {
			names = append(names, a.Name)
		}
	}
	slices.Sort(names)
	return names
}
