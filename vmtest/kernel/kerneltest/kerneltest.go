// SPDX-License-Identifier: Apache-2.0

// Package kerneltest makes files that look like a kernel and do nothing, for
// tests of what handles kernels without running them.
package kerneltest

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// BzImage makes the smallest file that is a bzImage of a release.
func BzImage(release string) []byte {
	const setup, system = 5 * 512, 16 * 64 // bytes
	image := make([]byte, setup+system)
	le := binary.LittleEndian
	image[0x1f1] = 4                       // sectors of setup code
	le.PutUint32(image[0x1f4:], system/16) // size of the rest
	le.PutUint16(image[0x1fe:], 0xaa55)    // boot flag
	copy(image[0x202:], "HdrS")            // magic
	le.PutUint16(image[0x206:], 0x020f)    // protocol
	le.PutUint16(image[0x20e:], 0x300)     // where the banner is, less 0x200
	image[0x211] = 1                       // loaded high
	copy(image[0x500:], release+" (nobody@localhost) #1 SMP today\x00")
	return image
}

// Module makes the smallest ELF file that is a module: its .modinfo and no code.
func Module(release string, depends ...string) []byte {
	info := "license=GPL\x00depends=" + strings.Join(depends,
		",") + "\x00vermagic=" + release + " SMP mod_unload \x00"
	const names = "\x00.modinfo\x00.shstrtab\x00"
	const header, sectionHeader = 64, 64 // bytes
	data := &bytes.Buffer{}
	le := binary.LittleEndian
	write := func(values ...any) {
		for _, v := range values {
			_ = binary.Write(data, le, v) // to memory
		}
	}
	sections := uint64(header + len(info) + len(names))
	data.WriteString("\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9))
	write(uint16(1), uint16(62), uint32(1), uint64(0), uint64(0), sections, uint32(0),
		uint16(header), uint16(0), uint16(0), uint16(sectionHeader), uint16(3), uint16(2))
	data.WriteString(info + names)
	section := func(name, kind uint32, offset, size uint64) {
		write(name, kind, uint64(0), uint64(0), offset, size, uint32(0), uint32(0), uint64(1),
			uint64(0))
	}
	section(0, 0, 0, 0)
	section(1, 1, header, uint64(len(info)))
	section(10, 3, uint64(header+len(info)), uint64(len(names)))
	return data.Bytes()
}

// PackageFiles returns the files of a kernel's packages, of the layout until Linux
// 6.18 or since then.
func PackageFiles(release string, split bool) map[string][]byte {
	modules := "lib/modules/" + release + "/"
	image, config := "boot/vmlinuz-"+release, "boot/config-"+release
	if split {
		modules = "usr/" + modules
		image, config = modules+"vmlinuz", modules+"config"
	}
	return map[string][]byte{
		image: BzImage(release), config: []byte("CONFIG_BPF_SYSCALL=y\nCONFIG_VETH=m\n"),
		"boot/System.map-" + release:           []byte("x"),
		modules + "kernel/drivers/net/veth.ko": Module(release), modules + "kernel/net/sched/cls_bpf.ko": Module(release, "act_api"),
		modules + "kernel/net/sched/act_api.ko": Module(release), modules + "modules.builtin": []byte("kernel/net/core/core.ko\n"),
	}
}
