// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/record"
)

// A spec with several processes of a loader shows which of them was asked.
func TestConversationsAreToldApart(t *testing.T) {
	got := conversation([]record.Step{
		{Seq: 1, Request: json.RawMessage(`{"op":"load"}`), Reply: json.RawMessage(`{"ok":{}}`),
			Stderr: "hm\n"},
		{Conversation: 2, Seq: 1, Request: json.RawMessage(`{"op":"load"}`), Fault: "driver died",
			Stderr: "oh\n", Duration: time.Second},
	})
	want := []string{
		`> {"op":"load"}`, `< {"ok":{}}  (0s)`, "| hm",
		`2> {"op":"load"}`, "2! driver died  (1s)", "2| oh",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
