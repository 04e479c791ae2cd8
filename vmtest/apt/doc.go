// SPDX-License-Identifier: Apache-2.0

// Package apt fetches Debian packages of any release without installing them.
//
// It keeps a private root for apt under a cache directory: sources, lists, keys
// and options of its own. What is needed to reach a mirror is taken over from
// the machine's own apt, so this works where apt works, through the same
// proxies, and believes the same signatures. apt-get updates the lists and
// checks them; apt-helper downloads packages and compares them with the lists;
// dpkg-deb unpacks them. No maintainer script is ever run.
//
//	root, err := apt.Open(ctx, apt.Options{Dir: cache, Arch: "amd64"})
//	suite, err := root.Suite(ctx, "debian-13")
//	packages, err := suite.Closure(ctx, "libbpf1")
//	deb, err := root.Fetch(ctx, packages[0], dir)
//	err = apt.Unpack(ctx, deb, dir)
//
// Any number of processes may share a cache directory, and be killed at any
// moment.
//
// Read in this order: suite.go (what can be asked for), host.go and sources.go
// (what is taken over), root.go and config.go (the private root), lists.go and
// keyring.go (keeping lists), index.go and stanza.go (finding packages in them),
// package.go (a package), list.go, closure.go, dependency.go and version.go
// (questions), fetch.go and source.go (answers), errors.go.
package apt
