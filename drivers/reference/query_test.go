// SPDX-License-Identifier: Apache-2.0

package reference

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/loader"
)

func TestQueryOfWhatThereIsNoViewOf(t *testing.T) {
	got := query(loader.Query{What: "chain"})
	want := &loader.Unsupported{Feature: "chain", Reason: notYet}
	if diff := cmp.Diff(loader.Reply(want), got); diff != "" {
		t.Error(diff)
	}
}
