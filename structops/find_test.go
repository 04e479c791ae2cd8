// SPDX-License-Identifier: Apache-2.0

package structops

import (
	"errors"
	"strings"
	"testing"
)

func TestStructureIsFoundByNameAndID(t *testing.T) {
	all := []Structure{
		{ID: 41, Map: "cubic_ops", Name: "bpf_cubic", Type: "tcp_congestion_ops", State: "INUSE"},
		{ID: 42, Map: "a_very_long_nam", Name: "dctcp", Type: "tcp_congestion_ops"},
		{ID: 43, Map: "dctcp", Name: "other", Type: "tcp_congestion_ops", State: "READY"},
		{ID: 44, Map: "fix_keyboard", Type: "hid_bpf_ops"},
		{ID: 45, Map: "41", Type: "hid_bpf_ops"},
		{ID: 46, Map: "twin", Name: "twin", Type: "sched_ext_ops"},
	}
	for _, tc := range []struct {
		name string
		id   uint32 // 0 where reason says why not
		err  error
	}{
		{"bpf_cubic", 41, nil},
		{"cubic_ops", 41, nil},
		{"42", 42, nil},
		{"id:42", 42, nil},
		{"id:41", 41, nil},
		{"a_very_long_name_indeed", 42, nil},
		{"fix_keyboard", 44, nil},
		{"twin", 46, nil}, // by both its names
		{"dctcp", 0, ErrAmbiguous},
		{"41", 0, ErrAmbiguous},
		{"bpf", 0, ErrNotThere},
		{"BPF_CUBIC", 0, ErrNotThere},
		{"", 0, ErrNotThere},
		{"id:", 0, ErrNotThere},
		{"id:dctcp", 0, ErrNotThere},
		{"47", 0, ErrNotThere},
		{"-1", 0, ErrNotThere},
		{"4294967337", 0, ErrNotThere}, // 41 in 32 bits
	} {
		got, err := Find(all, tc.name)
		if got.ID != tc.id || !errors.Is(err, tc.err) {
			t.Errorf("%q: id %d, %v; want id %d, %v", tc.name, got.ID, err, tc.id, tc.err)
		}
	}
}

// What is refused for its name says what to write in its place.
func TestAmbiguousNameComesWithIDs(t *testing.T) {
	_, err := Find([]Structure{
		{ID: 7, Map: "a", Name: "cc", Type: "tcp_congestion_ops", State: "TOBEFREE"},
		{ID: 9, Map: "b", Name: "cc", Type: "tcp_congestion_ops", State: "INUSE", Registered: true},
	}, "cc")
	for _, want := range []string{
		"cc: 2 structures",
		"id:7 (tcp_congestion_ops cc, map a, TOBEFREE, not registered)",
		"id:9 (tcp_congestion_ops cc, map b, INUSE, registered)",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: no %q", err, want)
		}
	}
}

func TestUsersAreReferencesBesideTheRegistration(t *testing.T) {
	for _, tc := range []struct {
		s    Structure
		want uint32
	}{
		{Structure{Registered: true, References: 3}, 2},
		{Structure{Registered: true}, 0},
		{Structure{References: 3}, 3},
	} {
		if got := tc.s.Users(); got != tc.want {
			t.Errorf("%+v: %d users, want %d", tc.s, got, tc.want)
		}
	}
}

// Anyone may name a process, and who removes structures is root at a terminal.
func TestTerminalObeysNoName(t *testing.T) {
	for text, want := range map[string]string{
		"scx_simple":         "scx_simple",
		"größe":              "größe",
		"\x1b[2Jgone":        `\x1b[2Jgone`,
		"a\nb":               `a\nb`,
		"\xff":               `\xff`,
		"\u202eevil":         `\u202eevil`,
		`say "it"`:           `say "it"`,
		"\x1b say \"it\" \\": `\x1b say \"it\" \\`,
	} {
		if got := Printable(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	for _, shown := range []string{
		Process{PID: 7, Command: "\x1b[2J"}.String(),
		(&Structure{Name: "\x1b[2J", Type: "sched_ext_ops"}).String(),
		(&AmbiguousError{Have: []Structure{{Name: "\x1b[2J"}}}).Error(),
	} {
		if strings.Contains(shown, "\x1b") {
			t.Errorf("%q", shown)
		}
	}
}
