// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"bytes"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// before reports whether the running kernel is older than a release. It reports false where the
// kernel's name for itself is none that can be read.
func before(major, minor int) bool {
	r := running()
	return r.known && (r.major < major || r.major == major && r.minor < minor)
}

// A release holds the first two numbers of a kernel's version.
type release struct {
	major, minor int
	known        bool
}

// running returns the release of the running kernel, which stays the same.
var running = sync.OnceValue(func() release {
	var uts unix.Utsname
	if unix.Uname(&uts) != nil {
		return release{}
	}
	text := string(uts.Release[:bytes.IndexByte(uts.Release[:], 0)])
	first, rest, _ := strings.Cut(text, ".")
	second, _, _ := strings.Cut(rest, ".")
	major, errMajor := strconv.Atoi(first)
	minor, errMinor := strconv.Atoi(second)
	return release{major, minor, errMajor == nil && errMinor == nil}
})

// RaiseMemlock lifts RLIMIT_MEMLOCK on kernels that charge BPF memory to it: those before Linux
// 5.11 (97306be45fbe, "bpf: switch to memcg-based memory accounting"). A distribution's older
// kernel that does not charge takes the higher limit without harm. Where the limit cannot be
// raised, the kernel's EPERM on the first map says so.
func RaiseMemlock() {
	if !before(5, 11) {
		return
	}
	limit := unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}
	_ = unix.Setrlimit(unix.RLIMIT_MEMLOCK, &limit) // see above
}
