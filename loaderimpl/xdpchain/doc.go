// SPDX-License-Identifier: Apache-2.0

// Package xdpchain runs several XDP programs on one interface, each still a program of its own with
// an id, a tag and counts. It does so in the way of libxdp, on top of package loaderimpl: a
// dispatcher is on the interface, and programs stand in the place of its functions.
//
// A change makes a new dispatcher, and puts it in the place of the old one in one step. Chains of
// libxdp are read, changed and taken apart, and libxdp can do the same with those of this package.
// Errors are of stages as in loaderimpl, or one of this package's own.
//
// Read chain.go (what is told of a chain), actions.go, config.go (what a dispatcher has in its
// data), runconfig.go (what an object says of its programs), order.go, dispatcher.go, folder.go
// (pins and the lock), links.go, read.go, change.go with changer.go, static.go (chains that are
// linked into one program), clean.go, detached.go (what stays in memory) and error.go.
package xdpchain
