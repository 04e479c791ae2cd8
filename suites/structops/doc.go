// SPDX-License-Identifier: Apache-2.0

// Package structops holds loaders to structures of the kernel's whose functions are BPF programs:
// how they fill one in, register it, replace it and take it back.
//
// The kernel has a structure of its own layout, which the object knows more or less of. So a loader
// that copies what the object has seems to work on the kernel that the object was made for. Here
// the kernel is asked what is in each member of its own, and whether it is registered: by the state
// in the map, by the link, and in the end by a TCP connection that uses the congestion control,
// over a pair of devices between two network namespaces.
//
// What is expected stands in requirements/structops.yaml. Read register.go and unregister.go (by a
// link and by a map), network.go and use.go (connections), update.go (one in the place of another),
// pin.go, died.go, removed.go (what a loader left, by loadstone ops remove), killed.go (in the
// midst of its work), value.go (what the kernel has in it), layout.go (other layouts than the
// kernel's), member.go (what the kernel refuses), program.go, set.go (members that the caller
// sets), optional.go, broken.go (objects that no compiler makes), many.go (a thousand times),
// kernel.go (whatever else a kernel offers), scheduler.go and queue.go (two of those), query.go
// (what loaders tell of them).
package structops
