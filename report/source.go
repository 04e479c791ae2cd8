// SPDX-License-Identifier: Apache-2.0

package report

import (
	"net/url"
	"strings"

	"github.com/loadstone-bpf/loadstone/verdict"
)

// address returns where a source can be read, or "" where it names no page that a reader may be led
// to. It is ASCII, and ends neither an attribute of HTML nor a link of Markdown.
func address(s verdict.Source) string {
	u, err := url.Parse(s.URL)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.Opaque != "" {
		return ""
	}
	quoted := strings.NewReplacer("(", "%28", ")", "%29", "<", "%3C", ">", "%3E",
		`"`, "%22", "'", "%27", `\`, "%5C", "`", "%60")
	text := quoted.Replace(u.String())
	for _, r := range text {
		if r <= ' ' || r > '~' {
			return ""
		}
	}
	return text
}

// sourceLines returns the sources as text, each with its address behind it.
func sourceLines(sources []verdict.Source) []string {
	var lines []string
	for _, s := range sources {
		lines = append(lines, strings.Join(nonEmpty(s.Text, address(s)), "  "))
	}
	return lines
}

// markdownSources returns the sources in one line of Markdown, each a link where it has an address.
func markdownSources(sources []verdict.Source) string {
	var links []string
	for _, s := range sources {
		link := markdown(s.Text)
		if a := address(s); a != "" {
			link = "[" + link + "](" + a + ")"
		}
		links = append(links, link)
	}
	return strings.Join(links, "; ")
}
