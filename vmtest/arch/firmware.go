// SPDX-License-Identifier: Apache-2.0

package arch

// Firmware returns firmware that ends QEMU through the device with its first
// instructions, or nil where there is no I/O port and so no x86.
func (e Exit) Firmware() []byte {
	if e.IOPort == 0 {
		return nil
	}
	image := make([]byte, 64<<10) // the smallest that QEMU takes
	// The reset vector is 16 bytes below the end.
	copy(image[len(image)-16:], []byte{
		0xba, byte(e.IOPort), byte(e.IOPort >> 8), // mov dx, port
		0xb0, e.Value, // mov al, value
		0xee, // out dx, al
		0xf4, // hlt
	})
	return image
}
