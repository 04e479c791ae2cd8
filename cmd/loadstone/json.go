// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"io"

	"github.com/spf13/cobra"
)

// addJSONFlag gives a command the flag --json. Every command that has it prints one JSON document:
// an array of objects where it lists things, though there be one or none, else an object.
func addJSONFlag(cmd *cobra.Command, asJSON *bool) {
	what := "print one JSON object"
	if listing[cmd.Name()] {
		what = "print one JSON array, an object per thing listed"
	}
	cmd.Flags().BoolVar(asJSON, "json", false, what)
}

// listing names the commands that list things.
var listing = map[string]bool{"list": true, "prune": true, "clean": true}

// writeJSON prints the one JSON document of a command that shows a thing.
func writeJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

// writeJSONList prints the one JSON document of a command that lists things. Nothing is [].
func writeJSONList[T any](w io.Writer, values []T) error {
	if values == nil {
		values = []T{}
	}
	return writeJSON(w, values)
}
