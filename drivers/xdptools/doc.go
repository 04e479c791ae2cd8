// SPDX-License-Identifier: Apache-2.0

// Package xdptools is the driver for xdp-loader, the command of libxdp: it puts XDP programs into
// the chain of an interface, and loads nothing that it does not attach. What is put into a chain
// stays when the command ends, in the kernel and in pins; what it is told to load without a word of
// an interface is attached to a device of the driver's own, in a network namespace of its own.
//
// Read xdptools.go (hello, and what can be asked for), table.go (what is run), session.go (a load),
// chain.go, status.go (what the command prints of a chain), pins.go (ids), claims.go.
package xdptools
