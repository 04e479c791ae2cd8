// SPDX-License-Identifier: Apache-2.0

package repro

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/loadstone-bpf/loadstone/verdict"
)

// readme tells a person what the bundle shows: what was expected by which source, what happened,
// with which versions, and how it is seen again.
func (b Bundle) readme() []byte {
	var w strings.Builder
	m, v := b.Manifest, b.Manifest.Verdict
	fmt.Fprintf(&w, "# %s: %s on %s\n\n", line(v.Spec), line(v.LoaderName()), line(v.Kernel))
	fmt.Fprintf(&w, "Verdict: **%s**", v.Kind)
	if !strings.HasPrefix(v.Seen, v.Reason) {
		fmt.Fprintf(&w, ": %s", line(v.Reason))
	}
	fmt.Fprintln(&w)

	fmt.Fprint(&w, "\n## What was expected, and by which source\n\n")
	for i, sentence := range v.Sentence {
		fmt.Fprintf(&w, "- %s: %s", cmp.Or(v.Level, verdict.Must), line(sentence))
		if i < len(v.Requirement) {
			fmt.Fprintf(&w, " (`%s`)", line(v.Requirement[i]))
		}
		fmt.Fprintln(&w)
	}
	if len(v.Sentence) == 0 {
		fmt.Fprintln(&w, "- The spec is held to no requirement.")
	}
	for _, s := range v.Sources {
		fmt.Fprintf(&w, "- source: %s\n", line(strings.TrimSpace(s.Text+" "+s.URL)))
	}
	for _, c := range v.Commits {
		fmt.Fprintf(&w, "- the kernel may lack: %s\n", line(c))
	}

	fmt.Fprint(&w, "\n## What happened\n\n")
	for _, part := range []struct{ name, text string }{
		{"expected", v.Expected}, {"seen", v.Seen}, {"detail", v.Detail}, {"backtrace", v.Backtrace},
	} {
		if part.text != "" {
			fmt.Fprintf(&w, "%s:\n\n%s\n", part.name, indented(part.text))
		}
	}
	for _, s := range v.Splats {
		fmt.Fprintf(&w, "the kernel complained:\n\n%s\n", indented(strings.Join(s.Lines, "\n")))
	}
	if s := v.Shared; s != nil && s.Differs {
		fmt.Fprintf(&w, "In a guest that other specs had used it was %s: %s\n\n", s.Kind, line(s.Reason))
	}

	fmt.Fprint(&w, "## Versions\n\n")
	fmt.Fprintf(&w, "- loadstone %s\n", line(strings.TrimSpace(m.Loadstone.Version+" "+m.Loadstone.Commit)))
	fmt.Fprintf(&w, "- loader %s%s\n", line(cmp.Or(m.Loader.Name, v.LoaderName())), sha(m.Loader.Digest))
	for _, name := range slices.Sorted(maps.Keys(m.Loader.Components)) {
		fmt.Fprintf(&w, "  - %s %s\n", line(name), line(m.Loader.Components[name]))
	}
	k := m.Kernel
	fmt.Fprintf(&w, "- kernel %s, release %s", line(v.Kernel), line(cmp.Or(k.Release, v.KernelRelease, "unknown")))
	if k.Version != "" {
		fmt.Fprintf(&w, ", package version %s", line(k.Version))
	}
	fmt.Fprintf(&w, ", %s%s\n", line(cmp.Or(k.Arch, v.Arch)), sha(k.Digest))
	fmt.Fprintf(&w, "- %s\n", line(host(m.Host)))

	fmt.Fprint(&w, "\n## See it again\n\n")
	fmt.Fprintf(&w, "    loadstone repro %s\n", b.Name()+Suffix)
	if v.Again != "" {
		fmt.Fprintf(&w, "    %s\n", line(v.Again))
	}

	_, told := b.files[reproducerFile]
	if told {
		fmt.Fprint(&w, "    cc reproducer.c -lbpf -o reproducer && ./reproducer\n")
	}

	fmt.Fprint(&w, "\n## Files\n\n")
	if told {
		fmt.Fprintf(&w, "- `%s`: the same calls of libbpf alone, without loadstone\n", reproducerFile)
	}
	fmt.Fprintf(&w, "- `%s`: requests to the loader (docs/loader-protocol.md of loadstone), and its replies\n", conversationFile)
	fmt.Fprintf(&w, "- `%s`: what the kernel logged meanwhile; `%s`: the machine's console, where the spec was its last\n", logFile, consoleFile)
	for _, o := range m.Objects {
		if o.File == "" {
			fmt.Fprintf(&w, "- `%s` (%d bytes) is left out: it is too large, or not all of it came\n", line(o.Path), o.Size)
			continue
		}
		fmt.Fprintf(&w, "- `%s`: `%s` of the conversation\n", o.File, line(o.Path))
	}
	return []byte(w.String())
}

func sha(digest string) string {
	if digest == "" {
		return ""
	}
	return ", SHA-256 " + line(digest)
}

func host(h verdict.Host) string {
	if h.QEMU == "" {
		return fmt.Sprintf("on the kernel of a machine of %d CPUs, %s", h.CPUs, h.Arch)
	}
	return fmt.Sprintf("QEMU %s with %s, on a machine of %d CPUs, %s", h.QEMU, h.Accel, h.CPUs, h.Arch)
}

// line returns text in one line, without what a terminal or Markdown would act on: most of it comes
// from a guest.
func line(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case r < ' ' || r == 0x7f || 0x80 <= r && r < 0xa0:
			return '\uFFFD'
		case r == '<':
			return '‹'
		case r == '>':
			return '›'
		case r == '`':
			return '\''
		}
		return r
	}, text)
}

// indented returns lines as a block of Markdown.
func indented(text string) string {
	var w strings.Builder
	for l := range strings.Lines(strings.TrimRight(text, "\n")) {
		w.WriteString("    " + strings.Map(func(r rune) rune {
			if r < ' ' && r != '\t' || r == 0x7f || 0x80 <= r && r < 0xa0 {
				return '\uFFFD'
			}
			return r
		}, strings.TrimRight(l, "\r\n")) + "\n")
	}
	return w.String()
}
