// SPDX-License-Identifier: Apache-2.0

package requirements

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Source says where a requirement comes from, so that a reader can look it up: a file of a project
// and what to look for in it, a commit, an issue, a message of a mailing list, or a reason of ours.
type Source struct {
	Kind      string `yaml:"kind" json:"kind"`                       // see [SourceKinds]
	Version   string `yaml:"version" json:"version,omitempty"`       // of File, or the first with Commit: "v1.7.0"
	File      string `yaml:"file" json:"file,omitempty"`             // path in the project
	Symbol    string `yaml:"symbol" json:"symbol,omitempty"`         // function, type or constant in File
	Commit    string `yaml:"commit" json:"commit,omitempty"`         // hash, at least 8 digits
	Issue     int    `yaml:"issue" json:"issue,omitempty"`           // number of a project's issue
	MessageID string `yaml:"message_id" json:"message_id,omitempty"` // without < and >
	Subject   string `yaml:"subject" json:"subject,omitempty"`       // of that message
	Reason    string `yaml:"reason" json:"reason,omitempty"`         // of ours: a whole sentence
	Note      string `yaml:"note" json:"note,omitempty"`             // what it says, in a few words
}

var sourceKeys = []string{
	"kind", "version", "file", "symbol", "commit", "issue", "message_id", "subject", "reason", "note",
}

// The kinds that are no project.
const (
	thread = "thread" // a message of a mailing list
	ours   = "ours"   // a decision of loadstone's
)

// A project describes where a kind of source is published. Formats of URLs take the version and the
// path, the hash, and the number.
type project struct {
	name    string   // as text names it
	version string   // the release that files are read in unless a source names another
	folders []string // where its files are; "" for the top folder
	file    string
	commit  string
	issue   string
}

// projects holds the published sources by kind.
var projects = map[string]project{
	"kernel": {
		name: "Linux", version: "v6.12",
		folders: []string{"Documentation", "drivers", "include", "kernel", "lib", "net", "samples", "tools"},
		file:    "https://github.com/torvalds/linux/blob/%s/%s",
		commit:  "https://git.kernel.org/torvalds/c/%s",
	},
	"libbpf": {
		name: "libbpf", version: "v1.7.0", folders: []string{"include", "src"},
		file:   "https://github.com/libbpf/libbpf/blob/%s/%s",
		commit: "https://github.com/libbpf/libbpf/commit/%s",
		issue:  "https://github.com/libbpf/libbpf/issues/%d",
	},
	"bpftool": {
		name: "bpftool", version: "v7.7.0", folders: []string{"docs", "src"},
		file:   "https://github.com/libbpf/bpftool/blob/%s/%s",
		commit: "https://github.com/libbpf/bpftool/commit/%s",
		issue:  "https://github.com/libbpf/bpftool/issues/%d",
	},
	"cilium": {
		name: "cilium/ebpf", version: "v0.22.0",
		folders: []string{"", "btf", "docs", "internal", "link", "testdata"},
		file:    "https://github.com/cilium/ebpf/blob/%s/%s",
		commit:  "https://github.com/cilium/ebpf/commit/%s",
		issue:   "https://github.com/cilium/ebpf/issues/%d",
	},
	"iproute2": {
		name: "iproute2", version: "v6.15.0",
		folders: []string{"examples", "include", "ip", "lib", "man", "tc"},
		file:    "https://github.com/iproute2/iproute2/blob/%s/%s",
		commit:  "https://github.com/iproute2/iproute2/commit/%s",
	},
	"libxdp": {
		name: "xdp-tools", version: "v1.6.3", folders: []string{"headers", "lib", "xdp-loader"},
		file:   "https://github.com/xdp-project/xdp-tools/blob/%s/%s",
		commit: "https://github.com/xdp-project/xdp-tools/commit/%s",
		issue:  "https://github.com/xdp-project/xdp-tools/issues/%d",
	},
	"aya": {
		name: "aya", version: "v0.14.0", folders: []string{"aya", "aya-obj", "ebpf", "test"},
		file:   "https://github.com/aya-rs/aya/blob/aya-%s/%s",
		commit: "https://github.com/aya-rs/aya/commit/%s",
		issue:  "https://github.com/aya-rs/aya/issues/%d",
	},
	"elf": {
		name: "ELF gABI 4+", folders: []string{""},
		file: "https://refspecs.linuxfoundation.org/elf/gabi4+/%[2]s",
	},
}

// SourceKinds returns all kinds of sources, sorted.
func SourceKinds() []string {
	kinds := []string{thread, ours}
	for kind := range projects {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	return kinds
}

// String returns the source in one line, such as "libbpf v1.7.0: parse_btf_map_def in src/libbpf.c
// (-ENOTSUP)".
func (s Source) String() string {
	p := projects[s.Kind]
	name := strings.TrimSpace(p.name + " " + s.Version)
	var text string
	switch {
	case s.Kind == thread:
		text = fmt.Sprintf("%s <%s>", s.Subject, s.MessageID)
	case s.Kind == ours && s.File != "":
		text = fmt.Sprintf("ours: %s (%s)", s.Reason, s.File)
	case s.Kind == ours:
		text = "ours: " + s.Reason
	case s.Commit != "":
		text = fmt.Sprintf("%s: commit %s", name, s.Commit)
	case s.Issue != 0:
		text = fmt.Sprintf("%s: issue %d", name, s.Issue)
	default:
		text = fmt.Sprintf("%s: %s in %s", name, s.Symbol, s.File)
	}
	if s.Note != "" {
		text += " (" + s.Note + ")"
	}
	return text
}

// URL returns where the source can be read, or "" where that is no public page.
func (s Source) URL() string {
	p := projects[s.Kind]
	switch {
	case s.Kind == thread:
		return "https://lore.kernel.org/bpf/" + url.PathEscape(s.MessageID) + "/"
	case s.Kind == ours && s.File != "":
		return "https://github.com/loadstone-bpf/loadstone/blob/main/" + s.File
	case s.Commit != "":
		return fmt.Sprintf(p.commit, s.Commit)
	case s.Issue != 0:
		return fmt.Sprintf(p.issue, s.Issue)
	case p.file != "":
		return fmt.Sprintf(p.file, s.Version, s.File)
	}
	return ""
}

var (
	commitHash = pattern(`^[0-9a-f]{8,40}$`)
	release    = pattern(`^v[0-9]+(\.[0-9]+)+$`)
	messageID  = pattern(`^[^\s<>@]+@[^\s<>@]+$`)
	sourcePath = pattern(`^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*\.[A-Za-z0-9]+$`)
)

// pattern compiles an expression when it is first used: most commands read no requirements.
func pattern(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}

// withRelease returns the source with the release that its project's files are read in, where it
// has a file and names no release.
func (s Source) withRelease() Source {
	if s.File != "" {
		s.Version = cmp.Or(s.Version, projects[s.Kind].version)
	}
	return s
}

// A checklist collects what is wrong with a source.
type checklist []string

// want adds a problem unless ok.
func (c *checklist) want(ok bool, format string, args ...any) {
	if !ok {
		*c = append(*c, fmt.Sprintf(format, args...))
	}
}

// problems returns what is wrong with the source.
func (s Source) problems() []string {
	p, published := projects[s.Kind]
	if published {
		return s.publishedProblems(p)
	}
	var c checklist
	c.want(s.Version+s.Symbol+s.Commit == "" && s.Issue == 0,
		"version, symbol, commit and issue are of a project, which %s is not", s.Kind)
	switch s.Kind {
	case thread:
		c.want(messageID().MatchString(s.MessageID),
			"message_id %q is not of the form name@host", s.MessageID)
		c.want(s.Subject != "", "no subject")
		c.want(s.File+s.Reason == "", "a thread has no file and no reason")
	case ours:
		c.want(strings.HasSuffix(s.Reason, "."),
			"reason %q is no sentence: it does not end with a full stop", s.Reason)
		c.want(s.File == "" || inFolders(s.File, "docs"), "file %q is not in docs", s.File)
		c.want(s.MessageID+s.Subject == "", "message_id and subject are of a thread")
	default:
		kinds := strings.Join(SourceKinds(), ", ")
		return []string{fmt.Sprintf("unknown kind %q, have %s", s.Kind, kinds)}
	}
	return c
}

// publishedProblems returns what is wrong with a source in a project.
func (s Source) publishedProblems(p project) []string {
	ways := 0
	for _, has := range []bool{s.File != "" || s.Symbol != "", s.Commit != "", s.Issue != 0} {
		if has {
			ways++
		}
	}
	if ways != 1 {
		return []string{"want one of file with symbol, commit with version, and issue"}
	}
	var c checklist
	c.want(s.MessageID+s.Subject == "", "message_id and subject are of a thread")
	c.want(s.Reason == "", "a reason is of ours")
	c.want(s.Version == "" || release().MatchString(s.Version),
		"version %q is not a release such as v1.7.0", s.Version)
	switch {
	case s.Commit != "":
		c.want(p.commit != "", "%s has no commits", p.name)
		c.want(commitHash().MatchString(s.Commit), "commit %q is not 8 to 40 hex digits", s.Commit)
		c.want(s.Version != "", "no version: the first release that has commit %s", s.Commit)
	case s.Issue != 0:
		c.want(p.issue != "", "%s has no issues", p.name)
		c.want(s.Issue > 0, "issue %d is not positive", s.Issue)
		c.want(s.Version == "", "an issue has no version")
	default:
		c.want(s.Symbol != "", "no symbol: what to look for in %s", s.File)
		c.want(inFolders(s.File, p.folders...), "file %q is in no folder of %s", s.File, p.name)
	}
	return c
}

// inFolders reports whether a path is well-formed and below one of the folders; "" stands for the
// top folder itself.
func inFolders(file string, folders ...string) bool {
	top, _, below := strings.Cut(file, "/")
	if !below {
		top = ""
	}
	wellFormed := sourcePath().MatchString(file) && !strings.Contains(file, "..")
	return wellFormed && slices.Contains(folders, top)
}
