// SPDX-License-Identifier: Apache-2.0

// Package bundle makes the root that a driver under test runs in.
//
// A bundle is one archive: a driver's program, the shared libraries that it needs, the files that
// its manifest adds, and nothing of the host. Packages come from the suite of the version that is
// asked for, so libbpf 1.1 is Debian 12's, with Debian 12's libc, on every machine; a driver in C
// is compiled against the headers and libraries of that same suite. The archive is newc (cpio -H
// newc), which a guest unpacks and a host can [Bundle.Enter]. The same inputs give the same bytes.
//
//	b, err := bundle.Build(ctx, bundle.Options{Manifest: m, Version: "1.1", Cache: dir})
//
// Bundles are kept in the cache under a hash of what was asked for, so a bundle that was made once
// needs neither network nor compiler. Any number of processes may share a cache, and be killed at
// any moment.
//
// Read in this order: bundle.go (what can be asked for), request.go (what is asked for, before the
// network), store.go and outdated.go (keeping bundles), then how one is made: assemble.go,
// packages.go, sysroot.go and shelf.go (from a suite to a sysroot), source.go (from a source
// package), compile.go and rust.go (the driver), tree.go (what goes in), program.go (what starts),
// elf.go (shared libraries); native.go (running one without a VM), host.go (running a driver
// without its root), errors.go.
package bundle
