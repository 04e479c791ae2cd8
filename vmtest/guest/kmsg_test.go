// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseKmsg(t *testing.T) {
	tests := []struct {
		name, line string
		want       KmsgEntry
		err        error
	}{
		{"kernel", "6,0,0,-;Linux version 6.12\n", KmsgEntry{Level: 6, Text: "Linux version 6.12"}, nil},
		{"dictionary", "4,7,1500000,-;a warning\n SUBSYSTEM=net\n DEVICE=+net:lo\n",
			KmsgEntry{Level: 4, Seq: 7, Time: 1500 * time.Millisecond, Text: "a warning"}, nil},
		{"program", "12,8,2,-;a program's\n", KmsgEntry{Level: 4, Facility: 1, Seq: 8, Time: 2 * time.Microsecond, Text: "a program's"}, nil},
		{"caller", "6,9,3,-,caller=T1;with a caller; and more\n", KmsgEntry{Level: 6, Seq: 9, Time: 3 * time.Microsecond, Text: "with a caller; and more"}, nil},
		{"empty", "6,1,0,-;\n", KmsgEntry{Level: 6, Seq: 1}, nil},
		{"no text", "6,1,0,-", KmsgEntry{}, errKmsgEntry},
		{"too few fields", "6,1;x", KmsgEntry{}, errKmsgEntry},
		{"no priority", "x,1,0,-;x", KmsgEntry{}, errKmsgEntry},
		{"negative sequence", "6,-1,0,-;x", KmsgEntry{}, errKmsgEntry},
		{"time that wraps", "6,1,9999999999999999,-;x", KmsgEntry{}, errKmsgEntry},
		{"nothing", "", KmsgEntry{}, errKmsgEntry},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := parseKmsg(test.line)
			if !errors.Is(err, test.err) {
				t.Fatalf("error %v, want %v", err, test.err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzParseKmsg(f *testing.F) {
	f.Add("6,0,0,-;Linux version 6.12\n SUBSYSTEM=net\n")
	f.Fuzz(func(t *testing.T, line string) {
		if entry, err := parseKmsg(line); err == nil &&
			(entry.Level < 0 || entry.Level > 7 || entry.Time < 0) {
			t.Fatalf("%q is %+v", line, entry)
		}
	})
}
