// SPDX-License-Identifier: Apache-2.0

// Command protocol writes the loader protocol in every language from its source, vocabulary.yaml
// and messages.yaml: Go types and how they go over the wire, the JSON Schema, constants for drivers
// in C and Rust, the words that specs use, and the tables of docs/loader-protocol.md.
//
//	go generate ./loader
//
// A new message or word is an entry in the source. Everything else is written by this command, and
// the test of this package fails while something is out of date. Read source.go (what the two files
// hold), golang.go and wire.go (types; reading, checking, writing), then schema.go, foreign.go and
// document.go.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// generated begins every file that is written from the source.
const generated = "Code generated from loader/protocol by go generate ./loader. DO NOT EDIT."

func main() {
	if err := write(".."); err != nil { // go generate runs in the folder loader
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// write writes all files below the module's root.
func write(root string) error {
	files, err := outputs(root)
	if err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(root, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// outputs returns what the files that come from the source should hold, by their names below root.
func outputs(root string) (map[string][]byte, error) {
	s, err := readSource(filepath.Join(root, "loader/protocol"))
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	var errs []error
	for name, make := range map[string]func() ([]byte, error){
		"loader/messages_gen.go":             s.goMessages,
		"loader/words_gen.go":                s.goWords,
		"loader/wire_gen.go":                 s.goWire,
		"loader/schema/protocol.schema.json": s.schema,
		"suites/suite/vocabulary_gen.go":     s.goVocabulary,
		"drivers/libbpf/protocol.h":          s.header,
		"drivers/rust/words.rs":              s.rustModule,
		"docs/loader-protocol.md": func() ([]byte, error) {
			return s.document(filepath.Join(root, "docs/loader-protocol.md"))
		},
	} {
		text, err := make()
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
		files[name] = text
	}
	return files, errors.Join(errs...)
}
