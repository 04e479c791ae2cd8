// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// without runs f on a thread that lacks rights, and ends the thread with it.
func without(t *testing.T, f func(), rights ...Right) {
	t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and no unlock: the thread ends with the goroutine
		header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var data [2]unix.CapUserData
		err := unix.Capget(&header, &data[0])
		for _, r := range rights {
			data[r/32].Effective &^= 1 << (r % 32)
		}
		if err == nil {
			err = unix.Capset(&header, &data[0])
		}
		if err == nil {
			f()
		}
		done <- err
	}()
	do(t, <-done)
}

func TestMissingRightsAreNamed(t *testing.T) {
	spec := ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1}
	m, err := ebpf.NewMap(&spec)
	do(t, err)
	defer m.Close()
	var lacks []Right
	var lacksErr, askErr error
	without(t, func() {
		lacks, lacksErr = Lacks(BPF, PerfMon, NetAdmin)
		_, askErr = new(KernelMaps).Info(m.FD())
	}, SysAdmin, PerfMon)
	do(t, lacksErr)
	if !slices.Equal(lacks, []Right{PerfMon}) {
		t.Errorf("lacks %v, want %v", lacks, PerfMon)
	}
	if !errors.Is(askErr, ErrCannotAsk) || !errors.Is(askErr, unix.EPERM) ||
		!strings.Contains(askErr.Error(), "CAP_PERFMON") {
		t.Errorf("asked without CAP_PERFMON: %v", askErr)
	}
}

// TestAMapIsToldFromOthers asks about a map of a kind that has no keys, too, and about one that may
// only be written to.
func TestAMapIsToldFromOthers(t *testing.T) {
	for _, spec := range []ebpf.MapSpec{
		{Type: ebpf.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1},
		{Type: ebpf.Queue, ValueSize: 4, MaxEntries: 1},
		{Type: ebpf.Hash, KeySize: 4, ValueSize: 4, MaxEntries: 1, Flags: unix.BPF_F_WRONLY},
		{Type: ebpf.ProgramArray, KeySize: 4, ValueSize: 4, MaxEntries: 1},
	} {
		m, err := ebpf.NewMap(&spec)
		do(t, err)
		if isMap, err := IsMap(m.FD()); err != nil || !isMap {
			t.Errorf("%v: %v, %v", spec.Type, isMap, err)
		}
		do(t, m.Close())
	}
	code := []byte{0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0} // r0 = 0; exit
	fd, _, err := LoadProgram(&Program{Type: uint32(ebpf.SocketFilter), Code: code, License: "GPL"}, 0)
	do(t, err)
	if isMap, err := IsMap(fd); err != nil || isMap {
		t.Errorf("a program: %v, %v", isMap, err)
	}
	do(t, Close(fd))
	if _, err := IsMap(fd); !errors.Is(err, unix.EBADF) {
		t.Errorf("no descriptor: %v", err)
	}
}
