// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"github.com/loadstone-bpf/loadstone/record"
)

// A Kind names the outcome of a spec in a cell.
type Kind string

// The kinds of verdict.
const (
	Pass    Kind = "pass"    // the requirement holds, and the kernel has nothing to complain about
	Fail    Kind = "fail"    // it does not hold, or the kernel logged a splat meanwhile
	Refused Kind = "refused" // the loader cleanly refused what it does not claim
	Skip    Kind = "skip"    // the kernel lacks what the spec needs, as probed
	XFail   Kind = "xfail"   // failed, as the expectations say
	XPass   Kind = "xpass"   // did not fail, although the expectations say so
	Flaky   Kind = "flaky"   // now passes, now fails
	Broken  Kind = "broken"  // suite, driver or harness could not do its job
	Crash   Kind = "crash"   // the kernel died, or did something that it does not survive whole
	Missing Kind = "missing" // there is no record of it
)

// Kinds lists all kinds, in the order in which reports list them.
var Kinds = []Kind{Pass, Fail, XPass, Flaky, Crash, Broken, Missing, Refused, Skip, XFail}

func (k Kind) valid() bool { return slices.Contains(Kinds, k) }

// A Level names how strongly a loader is held to a requirement.
type Level string

// The levels. A verdict without a level is held to as a must.
const (
	Must   Level = "must"
	Should Level = "should"
)

// A Cell describes one loader on one kernel.
type Cell struct {
	Loader string `json:"loader"` // name without version: "libbpf"
	// as it is asked for after the @: "1.1"; may be empty
	LoaderVersion string `json:"loader_version"`
	// as the host names it: a series, a path, "native"
	Kernel string `json:"kernel"`
	// as it was asked for, where that is not Kernel: "mine=./bzImage"
	KernelGiven string `json:"kernel_given,omitempty"`
	// what a command line names it by in any folder, where it was given by its path:
	// "mine=/src/bzImage"
	KernelPath string `json:"kernel_path,omitempty"`
	// the same of a loader: "/src/my-loader.yaml@1.0"
	LoaderPath string `json:"loader_path,omitempty"`
	// how guests were shared, where that was not left to the run: see package run
	Isolation     string `json:"isolation,omitempty"`
	KernelRelease string `json:"kernel_release,omitempty"` // uname -r
	Arch          string `json:"arch,omitempty"`           // of the kernel, as Debian names it
}

// LoaderName returns the loader as a command line names it: "libbpf@1.1".
func (c Cell) LoaderName() string {
	if c.LoaderVersion == "" {
		return c.Loader
	}
	return c.Loader + "@" + c.LoaderVersion
}

// KernelWord returns the kernel as the run's command line names it.
func (c Cell) KernelWord() string { return cmp.Or(c.KernelGiven, c.Kernel) }

// KernelAnywhere returns the kernel as a command line names it in any folder.
func (c Cell) KernelAnywhere() string { return cmp.Or(c.KernelPath, c.KernelWord()) }

// LoaderAnywhere returns the loader as a command line names it in any folder.
func (c Cell) LoaderAnywhere() string { return cmp.Or(c.LoaderPath, c.LoaderName()) }

func (c Cell) String() string { return c.LoaderName() + " on " + c.Kernel }

// A Verdict holds one line of a run file: the outcome of one spec in one cell, and what a reader
// needs to understand it.
//
// The fields up to DurationMS are always there. Everything below comes from a guest, which is not
// trusted, or is for reports only.
type Verdict struct {
	Spec        string   `json:"spec"`
	Requirement []string `json:"requirement"` // ids
	Suite       string   `json:"suite"`
	Cell
	Kind   Kind   `json:"verdict"`
	Reason string `json:"reason"` // one line; empty for a plain pass
	// of the spec in the guest; of the clone where the guest did not say
	DurationMS int64 `json:"duration_ms"`

	Level Level `json:"level,omitempty"` // the strictest of the requirements'
	// a requirement in words, in the order of Requirement
	Sentence []string `json:"sentence,omitempty"`
	Sources  []Source `json:"source,omitempty"` // where the requirements come from
	// kernel commits that a kernel which fails may lack
	Commits  []string `json:"commits,omitempty"`
	Profiles []string `json:"profiles,omitempty"`

	Expected string `json:"expected,omitempty"`
	Seen     string `json:"seen,omitempty"`
	Detail   string `json:"detail,omitempty"` // the whole failure text
	// last lines: "> request", "< reply", "! fault", "| stderr"
	Conversation []string `json:"conversation,omitempty"`
	Splats       []Splat  `json:"splats,omitempty"` // what the kernel complained of
	// how an object of the user's own did; the spec of it is not done where it is nil
	Checked *record.Checked `json:"checked,omitempty"`
	// last lines, where the machine did not end well
	Console   []string `json:"console,omitempty"`
	Backtrace string   `json:"backtrace,omitempty"` // of a kernel that hung
	// passed although the loader does not claim the profile
	UnderClaim bool `json:"under_claim,omitempty"`
	// the limit that passed, where it ended so because one did
	Overrun *Overrun `json:"overrun,omitempty"`
	// counted from 1, where it took more than one clone
	Attempt int `json:"attempt,omitempty"`
	// guests before, in which a limit passed because the host gave them too little of its time
	Starved int `json:"starved,omitempty"`
	// the guest that it ran in, where that was used for more than one spec
	Guest *Guest `json:"guest,omitempty"`
	// what it was in a guest that other specs had used, where that is not what counts
	Shared *Shared `json:"shared,omitempty"`
	// the entry that made this xfail, xpass or flaky
	Expectation *Expectation `json:"expectation,omitempty"`
	Again       string       `json:"again,omitempty"` // the command that shows it again
}

// An Overrun describes a limit that passed, and how busy the host was meanwhile.
type Overrun struct {
	Of      string `json:"of"` // "request", "spec" or "settle"; see [record.Finish]
	LimitMS int64  `json:"limit_ms"`
	Load
}

// Fails reports whether the verdict is a loader's or a kernel's failure, one that the run's exit
// code tells.
//
// A should that is not met is shown and does not fail a run; a kernel splat or crash does, whatever
// the level. An entry in the expectations excuses a fail (xfail) or makes it flaky; an expectation
// that no longer holds (xpass) fails the run, since the next fail would else go unnoticed. So does
// a crash or splat in a guest that others had used, where the spec passes alone.
func (v Verdict) Fails() bool { return v.Shared.damaging() || v.failsAlone() }

// FailsAmongOthers reports whether the verdict fails a run for nothing but what the kernel did in a
// guest that others had used.
func (v Verdict) FailsAmongOthers() bool {
	return v.Shared.damaging() && !v.failsAlone() && !v.Unknown()
}

// failsAlone reports whether the verdict fails a run for what it is.
func (v Verdict) failsAlone() bool {
	switch v.Kind {
	case Fail:
		return !v.Advisory()
	case Flaky:
		return v.Expectation == nil
	case XPass, Crash:
		return true
	}
	return false
}

// Advisory reports whether the verdict is a should that was not met: shown, and nothing more.
func (v Verdict) Advisory() bool {
	return v.Kind == Fail && v.Level == Should && len(v.Splats) == 0
}

// Unknown reports whether the verdict says nothing about the loader, because the harness, the suite
// or a driver could not do its job.
func (v Verdict) Unknown() bool { return v.Kind == Broken || v.Kind == Missing }

// Again returns the command that runs one spec in one cell once more, and on more kernels where
// some are given. It can be typed in any folder, and has guests shared as they were.
func Again(c Cell, spec string, more ...string) string {
	words := []string{"loadstone", "run"}
	for _, kernel := range append([]string{c.KernelAnywhere()}, more...) {
		words = append(words, "--kernel", kernel)
	}
	words = append(words, "--loader", c.LoaderAnywhere())
	if c.Isolation != "" {
		words = append(words, "--isolation", c.Isolation)
	}
	return CommandLine(append(words, "--spec", spec))
}

// CommandLine returns the words of a command as one would type them in a POSIX shell.
func CommandLine(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = quote(w)
	}
	return strings.Join(quoted, " ")
}

// quote makes s one word for a POSIX shell.
func quote(s string) string {
	plain := func(r rune) bool {
		return r < unicode.MaxASCII &&
			(unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_./@:+,=", r))
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
