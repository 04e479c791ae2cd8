// SPDX-License-Identifier: Apache-2.0

// Package pinning holds loaders to what they pin, what they use that is pinned already, and what
// they leave.
//
// The kernel says of a pin which object it has at a path, and whether the file is the one that it
// had before. A loader may use a pinned map where it is the map that the definition defines, and
// has to refuse it where it is not. Then everything that was pinned before is still pinned,
// untouched, and nothing else is. What two loaders at once make of one pin is asked with two of
// them (Session.Another of package suite).
//
// Where loaders rightly differ (whether they make a folder that is missing, what they say of a
// second pin of one map) a spec takes either answer, and holds the loader to what follows from it.
// A driver is root with every capability here, so a pin that it may not read is one that cannot be
// opened at all: a folder in its place (bpf_inode_type, kernel/bpf/inode.c, EACCES). What a user
// may not read is asked in package rights.
//
// What is expected stands in requirements/pinning.yaml. Read pinned.go (what specs share), name.go
// and path.go (where pins are), reuse.go and mismatch.go (maps that are pinned already), use.go
// (reuse that is asked for), occupied.go and folder.go (paths that cannot be pinned at),
// request.go, failure.go (what is left), together.go (two loaders), data.go, iproute2.go.
package pinning
