// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"errors"
	"strings"
	"syscall"
	"testing"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/mapdef"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/sys"
)

// TestErrnosSayWhatToDo compares hints by a word of what to do, as they are read by people.
func TestErrnosSayWhatToDo(t *testing.T) {
	create := func(e error) error { return explainCreate(e, &sys.MapCreateAttr{MapType: uint32(ebpf.XSKMap)}, nil) }
	extra := func(e error) error { return explainCreate(e, &sys.MapCreateAttr{MapExtra: 3}, nil) }
	fill := func(typ ebpf.MapType, flags uint32) func(error) error {
		m := &mapLoad{Map: &Map{def: &mapdef.Definition{}}, want: &wantedMap{}}
		m.def.Type, m.want.attr.MapFlags = typ, flags
		return func(e error) error { return explainFill(e, m) }
	}
	program := func(e error) error { return explainLoad(e, ProgramKind{Type: ebpf.XDP}, 7, nil) }
	pin := func(e error) error { return explainPin(e, "/pin") }
	for name, c := range map[string]struct {
		explain func(error) error
		errno   syscall.Errno
		want    string
	}{
		"create, rights":        {create, syscall.EPERM, "CAP_NET_ADMIN"},
		"create, too large":     {create, syscall.E2BIG, "max_entries"},
		"create, map_extra":     {extra, syscall.E2BIG, "map_extra"},
		"create, memory":        {create, syscall.ENOMEM, "cgroup"},
		"create, descriptors":   {create, syscall.EMFILE, "RLIMIT_NOFILE"},
		"fill, read-only":       {fill(ebpf.ProgramArray, sys.AccessFlags), syscall.EPERM, "BPF_F_RDONLY"},
		"fill, frozen":          {fill(ebpf.Array, 0), syscall.EPERM, "frozen"},
		"fill, other programs":  {fill(ebpf.ProgramArray, 0), syscall.EINVAL, "one type"},
		"fill, unlike template": {fill(ebpf.HashOfMaps, 0), syscall.EINVAL, "template"},
		"load, rights":          {program, syscall.EPERM, "CAP_NET_ADMIN"},
		"load, too long":        {program, syscall.E2BIG, "1000000"},
		"load, unknown type":    {program, syscall.EINVAL, "XDP"},
		"pin, read-only":        {pin, syscall.EROFS, "remount,rw"},
		"pin, permissions":      {pin, syscall.EACCES, "permissions"},
		"pin, no bpffs":         {pin, syscall.EPERM, "bpffs"},
	} {
		err := c.explain(c.errno)
		if !errors.Is(err, c.errno) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want something about %q", name, err, c.want)
		}
	}
}

func TestMissingRightIsNamed(t *testing.T) {
	takes := []sys.Right{sys.BPF, sys.NetAdmin}
	for _, c := range []struct {
		lacks []sys.Right
		want  string
	}{
		{
			takes, "it takes CAP_BPF and CAP_NET_ADMIN, or CAP_SYS_ADMIN: " +
				"give the process CAP_BPF and CAP_NET_ADMIN",
		},
		{
			[]sys.Right{sys.NetAdmin}, "it takes CAP_BPF and CAP_NET_ADMIN, or CAP_SYS_ADMIN: " +
				"give the process CAP_NET_ADMIN",
		},
		{
			nil, "it takes CAP_BPF and CAP_NET_ADMIN, which this process has: its user namespace is " +
				"not the initial one and wants a token (LoadOptions.TokenPath), or a security module refuses",
		},
	} {
		if got := missingRights(takes, c.lacks); got != c.want {
			t.Errorf("lacks %v:\n%s\nwant\n%s", c.lacks, got, c.want)
		}
	}
}
