// SPDX-License-Identifier: Apache-2.0

package apt

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// source describes an entry of the host's sources: one URI and one suite of it.
type source struct {
	uri      string // without a slash at its end
	suite    string
	main     bool     // whether component main is among its components
	signedBy []string // keyring files; empty where the host trusts its common keyrings
}

// parseOneLine parses the one-line style of sources.list(5):
//
//	deb [option=value option=value] uri suite component…
func parseOneLine(r io.Reader) ([]source, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	var all []source
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		kind, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if kind != "deb" {
			continue
		}
		options, rest, err := cutOptions(strings.TrimSpace(rest))
		if err != nil {
			return nil, fmt.Errorf("%q: %w", strings.TrimSpace(line), err)
		}
		words := strings.Fields(rest)
		if len(words) < 2 {
			return nil, fmt.Errorf("%q: no URI and suite", strings.TrimSpace(line))
		}
		entry := source{
			uri: strings.TrimRight(words[0], "/"), suite: words[1],
			main: slices.Contains(words[2:], "main"),
		}
		if keys := options["signed-by"]; keys != "" {
			entry.signedBy = keyringFiles(strings.Split(keys, ","))
		}
		all = append(all, entry)
	}
	return all, nil
}

// cutOptions cuts "[option=value …]" off the front of text.
func cutOptions(text string) (options map[string]string, rest string, err error) {
	inside, found := strings.CutPrefix(text, "[")
	if !found {
		return nil, text, nil
	}
	inside, rest, found = strings.Cut(inside, "]")
	if !found {
		return nil, "", fmt.Errorf("the options lack their closing bracket")
	}
	options = map[string]string{}
	for option := range strings.FieldsSeq(inside) {
		name, value, _ := strings.Cut(option, "=")
		options[strings.ToLower(name)] = value
	}
	return options, rest, nil
}

// parseDeb822 parses the .sources style of sources.list(5).
func parseDeb822(r io.Reader) ([]source, error) {
	var all []source
	err := eachStanza(r, nil, func(fields map[string]string) error {
		if strings.EqualFold(fields["enabled"], "no") ||
			!strings.Contains(" "+fields["types"]+" ", " deb ") {
			return nil
		}
		// A key may also stand in the entry itself; it is no file then, and
		// the caller falls back on the keyrings that it knows.
		var keys []string
		if !strings.Contains(fields["signed-by"], "\n") {
			keys = keyringFiles(strings.Fields(fields["signed-by"]))
		}
		main := slices.Contains(strings.Fields(fields["components"]), "main")
		for uri := range strings.FieldsSeq(fields["uris"]) {
			for suite := range strings.FieldsSeq(fields["suites"]) {
				all = append(all, source{strings.TrimRight(uri, "/"), suite, main, keys})
			}
		}
		return nil
	})
	return all, err
}

// keyringFiles keeps the paths of a Signed-By list, which may hold key
// fingerprints too.
func keyringFiles(words []string) []string {
	var files []string
	for _, word := range words {
		if strings.HasPrefix(word, "/") {
			files = append(files, word)
		}
	}
	return files
}
