// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"

	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/requirements"
	"github.com/loadstone-bpf/loadstone/suites/catalogue"
	"github.com/loadstone-bpf/loadstone/verdict"
)

func TestRequired(t *testing.T) {
	set, err := requirements.Read()
	if err != nil {
		t.Fatal(err)
	}
	committed, err := catalogue.Committed()
	if err != nil {
		t.Fatal(err)
	}
	var specs []record.Spec
	for _, id := range committed.Specs {
		specs = append(specs, record.Spec{ID: id})
	}
	for _, words := range [][]string{nil, {"all"}, {"btf", "jit", "numa", "token", "ringbuf", "CONFIG_NET"}} {
		if err := checkRequired(words, specs, set); err != nil {
			t.Errorf("%q: %v", words, err)
		}
	}
	err = checkRequired([]string{"numa", "nmua"}, specs, set)
	if err == nil || exitCode(err) != verdict.ExitUsage {
		t.Fatalf("a word that means nothing: %v", err)
	}
	for _, want := range []string{`--require "nmua"`, "there are all, ", ", numa, "} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q in it", err, want)
		}
	}
	if err := checkRequired([]string{"numa"}, specs[:1], set); err == nil {
		t.Error("a feature that no spec of the run needs may be required")
	}
}
