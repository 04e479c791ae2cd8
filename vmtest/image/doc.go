// SPDX-License-Identifier: Apache-2.0

// Package image makes the initramfs that a test guest boots: one program,
// which is PID 1, the kernel modules it needs with all that these need in
// turn, and nothing else of the host.
//
// What is missing is an error here, on the host, before anything boots; and the same inputs always
// make the same bytes, so an image is kept under the hash of its inputs.
//
// Read image.go (an image and its cache), archive.go (what is in it),
// modules.go (modules and their index). Command mkshell makes the part that a
// person needs, for images with a shell.
package image
