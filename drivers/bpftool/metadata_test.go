// SPDX-License-Identifier: Apache-2.0

package bpftool

import (
	"encoding/json"
	"testing"

	"github.com/loadstone-bpf/loadstone/loader"
)

func TestAnswerAboutMetadata(t *testing.T) {
	for name, tt := range map[string]struct{ printed, want string }{
		"nothing printed": {"", `[]`},
		"no programs":     {"[]", `[]`},
		"one with metadata and one without": {
			`[{"id":3,"type":"xdp","name":"a","metadata":{"owner":"x","n":[1,-2]}},{"id":4,"name":"b"}]`,
			`[{"id":3,"metadata":{"n":[1,-2],"owner":"x"},"name":"a"}]`,
		},
	} {
		reply, err := metadataOf(tt.printed)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, err := json.Marshal(reply.(*loader.OK).Answer)
		if err != nil || string(got) != tt.want {
			t.Errorf("%s: %s (%v), want %s", name, got, err, tt.want)
		}
	}
	if _, err := metadataOf("Error: no"); err == nil {
		t.Error("what is no JSON is read")
	}
}
