// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const root = "../.."

// The command runs in this process and its source is read by it, so that Go's cache of test results
// knows of both.
func TestGeneratedFilesAreUpToDate(t *testing.T) {
	files, err := outputs(root)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Error(err)
			continue
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s is out of date (run go generate ./loader):\n%s", name, diff)
		}
	}
}

func TestBadSource(t *testing.T) {
	good := map[string]string{
		"vocabulary.yaml": "version: 1\nstages: {type: Stage, words: [{name: open, go: AtOpen}]}\n",
		"messages.yaml": "envelope: {does: carries}\nrequests: [{op: load, does: loads, fields: [{name: session, type: string}]}]\n" +
			"replies: [{key: ok, go: OK, does: says, fields: [{name: id, type: uint32, optional: true}]}]\n",
	}
	for _, tt := range []struct{ fault, file, text string }{
		{"", "messages.yaml", good["messages.yaml"]},
		{"unknown key", "vocabulary.yaml", "version: 1\ncolours: []\n"},
		{"word twice", "vocabulary.yaml", "stages: {type: Stage, words: [{name: open, go: A}, {name: open, go: B}]}\n"},
		{"word without a name in Go", "vocabulary.yaml", "stages: {type: Stage, words: [{name: open}]}\n"},
		{"errno of two classes", "vocabulary.yaml", "classes: {type: Class, words: [{name: a, go: A, errnos: [EIO]}, {name: b, go: B, errnos: [EIO]}]}\n"},
		{"no reply ok", "messages.yaml", "envelope: {does: carries}\n"},
		{"unknown type", "messages.yaml", "envelope: {does: carries}\nreplies: [{key: ok, does: says, fields: [{name: id, type: Colour}]}]\n"},
		{"unknown words", "messages.yaml", "envelope: {does: carries}\nreplies: [{key: ok, does: says, fields: [{name: id, type: string, words: colours}]}]\n"},
		{"message without a sentence", "messages.yaml", "envelope: {does: carries}\nreplies: [{key: ok}]\n"},
		{"answered with what ok does not have", "messages.yaml",
			"envelope: {does: carries}\nrequests: [{op: load, does: loads, answer: {needs: [colour]}}]\nreplies: [{key: ok, does: says}]\n"},
	} {
		dir := t.TempDir()
		for name, text := range good {
			if name == tt.file {
				text = tt.text
			}
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		_, err := readSource(dir)
		if tt.fault == "" && err != nil || tt.fault != "" && !errors.Is(err, errSource) {
			t.Errorf("%s: %v", tt.fault, err)
		}
	}
}
