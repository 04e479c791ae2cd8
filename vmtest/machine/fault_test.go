// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestEveryFaultIsTold runs a guest that goes wrong in every way it knows:
// each ends with its own cause, and no record from before is lost.
func TestEveryFaultIsTold(t *testing.T) {
	soon := Deadlines{Silence: time.Second}
	tests := []struct {
		order     string
		deadlines Deadlines
		cause     Cause
		detail    string // part of Ended.Detail
		backtrace string // part of Ended.Backtrace
		after     string // record after the fault
		err       error  // of a record
	}{
		{order: "none", cause: Clean},
		{order: "panic", cause: Panic, detail: "sysrq triggered crash", backtrace: "sysrq_handle_crash"},
		{order: "oops", cause: Oops, detail: "NULL pointer dereference", backtrace: "do_one_initcall"},
		{order: "reset", cause: Reset},
		{order: "hang-kernel", deadlines: soon, cause: Hang, detail: "no record for 4s", backtrace: "do_one_initcall"},
		{order: "hang-user", deadlines: soon, cause: Hang, detail: "no record for 4s", backtrace: "NMI"},
		{order: "out-of-memory", cause: Panic, detail: "Out of memory"},
		{order: "exit", cause: Panic, detail: "Attempted to kill init"},
		{order: "go-panic", cause: Panic, detail: "Attempted to kill init"},
		{order: "power-off", cause: Unfinished, detail: "without saying that it was done"},
		{order: "error", cause: Unfinished, detail: "an error of the guest program"},
		{order: "large-record", cause: Clean, err: ErrRecordTooLarge, after: `{"after":"large-record"}`},
		{order: "garbage", cause: Clean, err: ErrRecordGarbage, after: `{"after":"garbage"}`},
		{order: "half-record", cause: Unfinished, err: ErrRecordTruncated},
		{order: "flood-console", cause: Clean},
		{order: "chatter", deadlines: Deadlines{Total: time.Second}, cause: Deadline, detail: "not done after 4s"},
	}
	for _, test := range tests {
		t.Run(test.order, func(t *testing.T) {
			r := clone(t, test.order, Options{Deadlines: test.deadlines})
			defer func() {
				if t.Failed() {
					r.report(t)
				}
			}()
			if r.end.Cause != test.cause || !strings.Contains(r.end.Detail, test.detail) {
				t.Errorf("ended %v, want %s with %q", r.end, test.cause, test.detail)
			}
			if (r.end.Err() == nil) != (test.cause == Clean) {
				t.Errorf("Err is %v", r.end.Err())
			}
			if !strings.Contains(r.end.Backtrace, test.backtrace) {
				t.Errorf("no %q in the backtrace:\n%s", test.backtrace, r.end.Backtrace)
			}
			if hello := `{"hello":"` + test.order + `"}`; len(r.records) == 0 ||
				r.records[0] != hello {
				t.Errorf("first record is not %s: %q", hello, r.records)
			}
			if test.after != "" && !slices.Contains(r.records, test.after) {
				t.Errorf("no record %s after the fault: %q", test.after, r.records)
			}
			if (test.err == nil) != (len(r.errs) == 0) {
				t.Errorf("record errors %v, want %v", r.errs, test.err)
			}
			for _, err := range r.errs {
				if !errors.Is(err, test.err) {
					t.Errorf("record error %v, want %v", err, test.err)
				}
			}
		})
	}
}
