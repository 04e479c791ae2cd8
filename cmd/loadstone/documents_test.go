// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// typed finds a command of a page: between backticks, or a line of a block or of a script.
var typed = regexp.MustCompile("`(?:bin/)?loadstone ([^`\n]+)`|(?m:^(?:[ \t]+|bin/|[ \t]+bin/)loadstone ([^\n]+)$)")

// Who copies a command from a page, or from --help, has one that loadstone understands.
func TestDocumentsGiveCommandsThatExist(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{"--help": newRootCommand().Example}
	for _, cmd := range newRootCommand().Commands() {
		texts[cmd.Name()+" --help"] = cmd.Example
		for _, sub := range cmd.Commands() {
			texts[cmd.Name()+" "+sub.Name()+" --help"] = sub.Example
		}
	}
	for _, page := range append(pages, "../../README.md", "../../CONTRIBUTING.md", "../../Makefile") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		texts[page] = string(text)
	}
	found := 0
	for page, text := range texts {
		for _, match := range typed.FindAllStringSubmatch(text, -1) {
			line, _, _ := strings.Cut(match[1]+match[2], "#")
			line, _, _ = strings.Cut(line, "|") // to another command
			found++
			if err := understood(strings.Fields(line)); err != nil {
				t.Errorf("%s: loadstone %s: %v", page, line, err)
			}
		}
	}
	if found < 40 {
		t.Errorf("%d commands were found", found)
	}
}

// understood returns the error of a command line that loadstone does not understand.
func understood(args []string) error {
	cmd, rest, err := newRootCommand().Find(args)
	if err != nil {
		return err
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	if words := cmd.Flags().Args(); cmd.HasSubCommands() && len(words) > 0 {
		return fmt.Errorf("no command %q", words[0])
	}
	return nil
}

func TestCommandsThatDoNotExistAreFound(t *testing.T) {
	for line, want := range map[string]bool{
		"run --kernel 6.12": true, "kernels list": true, "kernels": true,
		"run --kernels 6.12": false, "frobnicate": false, "kernels frobnicate": false,
	} {
		if err := understood(strings.Fields(line)); (err == nil) != want {
			t.Errorf("%s: %v, want it understood: %v", line, err, want)
		}
	}
}
