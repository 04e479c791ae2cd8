// SPDX-License-Identifier: Apache-2.0

package arch

import (
	"debug/elf"
	"errors"
	"strings"
	"testing"
)

func TestByName(t *testing.T) {
	tests := []struct {
		name string
		want error
	}{
		{"amd64", nil},
		{"arm64", ErrUnproved},
		{"s390x", ErrUnproved},
		{"vax", ErrUnknown},
		{"", ErrUnknown},
	}
	for _, test := range tests {
		a, err := ByName(test.name)
		if !errors.Is(err, test.want) {
			t.Errorf("%q: error %v, want %v", test.name, err, test.want)
		}
		if err == nil && a.Name != test.name {
			t.Errorf("%q: got %q", test.name, a.Name)
		}
		if err != nil && !strings.Contains(err.Error(), "use amd64") {
			t.Errorf("%q: error %q does not say what to use", test.name, err)
		}
	}
}

func TestEveryEntryIsWhole(t *testing.T) {
	for _, a := range table {
		for field, value := range map[string]string{
			"Debian": a.Debian, "KernelFlavour": a.KernelFlavour,
			"InstalledImage": a.InstalledImage,
			"BuildImage":     a.BuildImage, "ImageFormat": string(a.ImageFormat), "QEMU": a.QEMU,
			"Machine": a.Machine, "CPU": a.CPU,
			"Console.TTY": a.Console.TTY, "Console.Kconfig": a.Console.Kconfig,
			"Records.TTY": a.Records.TTY,
		} {
			if value == "" {
				t.Errorf("%s: no %s", a.Name, field)
			}
		}
		if a.ByteOrder == nil || a.ELF == elf.EM_NONE {
			t.Errorf("%s: no byte order, or no ELF machine", a.Name)
		}
		for _, p := range []Port{a.Console, a.Records} {
			if strings.Count(p.Device, "%s") != 1 {
				t.Errorf("%s: port %q has no place for its chardev", a.Name, p.Device)
			}
		}
	}
}
