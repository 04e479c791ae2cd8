// SPDX-License-Identifier: Apache-2.0

// Package iproute2 is the driver for tc and ip as loaders: tc for classifiers and actions, ip for
// XDP programs. Both load an object by attaching a program of it, to a device of the driver's own
// in a network namespace of its own; when they end, the program is what keeps the object's maps.
//
// iproute2 loads with libbpf where it was built with it, and with an ELF loader of its own where
// not ([New], [NewBuiltin]). Which of the two, and which libbpf, is asked of the command itself,
// and what is claimed follows from that.
//
// Read iproute2.go (hello, and what can be asked for), session.go (a load), table.go (what is run),
// inner.go, claims.go.
package iproute2
