// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"golang.org/x/sys/unix"
)

// A Right is a capability(7) that the calls of bpf(2) ask for.
type Right int

// The rights, by their numbers (include/uapi/linux/capability.h).
const (
	NetAdmin Right = unix.CAP_NET_ADMIN
	SysAdmin Right = unix.CAP_SYS_ADMIN
	PerfMon  Right = unix.CAP_PERFMON
	BPF      Right = unix.CAP_BPF
)

// String returns the name of the right.
func (r Right) String() string {
	switch r {
	case NetAdmin:
		return "CAP_NET_ADMIN"
	case SysAdmin:
		return "CAP_SYS_ADMIN"
	case PerfMon:
		return "CAP_PERFMON"
	}
	return "CAP_BPF"
}

// Lacks returns those of rights that this thread does not have, in its own user namespace.
// CAP_SYS_ADMIN stands for all of them (bpf_capable, bpf_token_capable).
func Lacks(rights ...Right) ([]Right, error) {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return nil, err
	}
	has := func(r Right) bool { return data[r/32].Effective>>(r%32)&1 != 0 }
	var lacks []Right
	for _, r := range rights {
		if !has(r) && !has(SysAdmin) {
			lacks = append(lacks, r)
		}
	}
	return lacks, nil
}

// MemlockCharged reports whether this kernel charges BPF memory to RLIMIT_MEMLOCK, and that has a
// limit: see [RaiseMemlock].
func MemlockCharged() bool {
	var limit unix.Rlimit
	return before(5, 11) && unix.Getrlimit(unix.RLIMIT_MEMLOCK, &limit) == nil &&
		limit.Cur != unix.RLIM_INFINITY
}
