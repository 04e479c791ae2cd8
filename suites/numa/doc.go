// SPDX-License-Identifier: Apache-2.0

// Package numa holds loaders to where they put maps: on the NUMA node that a definition names, or
// anywhere if it names none.
//
// The kernel looks at a node only where the map's flags have BPF_F_NUMA_NODE, and does not say
// afterwards which it was. So a loader that passes on a node without its flag seems to work, and a
// pinned map on another node seems to be the one that is defined. Here the kernel is asked where a
// map is: the node that it keeps with the map, and for memory that can be mapped the nodes of the
// pages.
//
// What is expected stands in requirements/numa.yaml. Read node.go (maps on nodes), set.go (a node
// that the caller asks for), refused.go (nodes and types that the kernel refuses), create.go
// (maps without an object), inner.go (maps in maps, global data), legacy.go and vendor.go (other
// definitions), pin.go (maps that are pinned).
package numa
