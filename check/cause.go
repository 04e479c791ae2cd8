// SPDX-License-Identifier: Apache-2.0

package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"syscall"

	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/verdict"
)

// A Cause names why an object did not load.
type Cause string

// The causes; see [Causes].
const (
	CauseByteOrder    Cause = "byte-order"
	CauseMapType      Cause = "map-type"
	CauseProgramType  Cause = "program-type"
	CauseNoKernelBTF  Cause = "no-kernel-btf"
	CauseCORETarget   Cause = "core-target"
	CauseAttachTarget Cause = "attach-target"
	CauseKfunc        Cause = "kfunc"
	CauseKsym         Cause = "ksym"
	CauseKconfig      Cause = "kconfig"
	CauseHelper       Cause = "helper"
	CauseMap          Cause = "map"
	CauseVerifier     Cause = "verifier"
	CauseLimit        Cause = "limit"
	CauseLoader       Cause = "loader"
	CauseObject       Cause = "object"
	CausePermission   Cause = "permission"
	CausePretends     Cause = "pretends"
	CauseLeft         Cause = "left-something"
	CauseSplat        Cause = "kernel-splat"
	CauseCrash        Cause = "kernel-crash"
	CauseLoaderCrash  Cause = "loader-crash"
	CauseHang         Cause = "hang"
	CauseSettings     Cause = "settings"
	CauseAttach       Cause = "attach"
	CauseUnknown      Cause = "unknown"
)

// Causes says what each cause means. The list is closed: docs/check.md has the same.
var Causes = []struct {
	Cause Cause
	Means string
}{
	{CauseByteOrder, "it is for machines of the other byte order"},
	{CauseMapType, "the kernel lacks the type of a map"},
	{CauseProgramType, "the kernel lacks the type of a program"},
	{CauseNoKernelBTF, "the kernel has no types of its own"},
	{CauseCORETarget, "the kernel's types lack what CO-RE asks for"},
	{CauseAttachTarget, "the kernel lacks what a program attaches to"},
	{CauseKfunc, "the kernel lacks a function that programs call"},
	{CauseKsym, "the kernel lacks a symbol"},
	{CauseKconfig, "the kernel's configuration lacks an option"},
	{CauseHelper, "the kernel lacks a helper"},
	{CauseMap, "the kernel has the type of a map, and refuses the map"},
	{CauseVerifier, "the verifier refuses a program"},
	{CauseLimit, "something is too large, or there is no memory for it"},
	{CauseLoader, "the loader does not do what the object needs"},
	{CauseObject, "the loader says that the object is wrong"},
	{CausePermission, "the kernel forbids it to this user, or altogether"},
	{CausePretends, "the loader says that it loaded or attached what is not there"},
	{CauseLeft, "it was loaded, and something stayed when it was given up or detached"},
	{CauseSplat, "the kernel complained of itself meanwhile"},
	{CauseCrash, "the kernel died, or complained so that it cannot be trusted"},
	{CauseLoaderCrash, "the loader died"},
	{CauseHang, "no answer came in time"},
	{CauseSettings, "the loader refuses what the settings change"},
	{CauseAttach, "it loads, and a program of it is refused when it is attached"},
	{CauseUnknown, "it cannot be told"},
}

// lackCauses are those that a probe of the kernel proves, in the order in which the first is the
// cause: what stops a load earlier comes first.
var lackCauses = []Cause{
	CauseMapType, CauseProgramType, CauseNoKernelBTF, CauseKconfig, CauseKsym, CauseKfunc,
	CauseAttachTarget, CauseCORETarget, CauseHelper,
}

// lacking returns what the object needs and probes say the kernel lacks, what is most likely the
// cause first.
func lacking(o *Object, c *record.Checked) []Need {
	var lacks []Need
	for _, p := range c.Probes {
		if p.Has || p.Unknown != "" {
			continue
		}
		at := slices.IndexFunc(o.Needs.All, func(n Need) bool { return n.Probe == p.Need })
		if at >= 0 {
			lacks = append(lacks, o.Needs.All[at])
		}
	}
	slices.SortStableFunc(lacks, func(a, b Need) int {
		return cmp.Compare(slices.Index(lackCauses, a.Cause), slices.Index(lackCauses, b.Cause))
	})
	return lacks
}

// why returns the cause of a verdict that is no pass, and a sentence on it.
func why(o *Object, v verdict.Verdict) (Cause, string) {
	switch {
	case v.Kind == verdict.Crash:
		return CauseCrash, v.Reason
	case v.Kind == verdict.Fail && len(v.Splats) > 0:
		return CauseSplat, v.Splats[0].Text
	case v.Kind == verdict.Fail && v.Checked == nil && strings.HasPrefix(v.Seen, "the loader died"):
		return CauseLoaderCrash, v.Seen
	case v.Kind == verdict.Fail && v.Checked == nil:
		return CausePretends, v.Seen
	case v.Kind == verdict.Fail:
		return CauseLeft, v.Seen
	case v.Overrun != nil:
		return CauseHang, v.Reason
	case v.Kind != verdict.Refused || v.Checked == nil || !v.Checked.Refused():
		return CauseUnknown, v.Reason
	case v.Checked.Refusal == nil:
		return CauseAttach, whyUnattached(o, v.Checked)
	}
	return whyRefused(o, v.Checked)
}

// whyRefused returns the cause of a refusal. What the kernel lacks counts where the loader had come
// to the kernel: a file that it does not read is not refused for a map's type.
func whyRefused(o *Object, c *record.Checked) (Cause, string) {
	r := c.Refusal
	class, _, _ := strings.Cut(r.Class, "/")
	atOpen := r.Stage == "open" || r.Stage == "link"
	if o.BigEndian() {
		return CauseByteOrder, "the object is for big-endian machines (compile with -target bpfel)"
	}
	if r.Op == "set" {
		return CauseSettings, words(r)
	}
	lacks := slices.DeleteFunc(lacking(o, c), func(n Need) bool { return !stops(n, r) })
	if len(lacks) > 0 {
		n := lacks[0]
		text := "the kernel lacks " + n.What
		if n.Who != "" {
			text += ", which " + n.Who + " needs"
		}
		return n.Cause, text
	}
	if cause, text := leftToCaller(o, r); cause != "" {
		return cause, text
	}
	ownWord := r.Errno == 0 && r.Log == "" // no system call was refused: the loader refused
	switch {
	case r.Stage == "" || class == "not-supported":
		return CauseLoader, "the loader does not do it: " + words(r)
	case class == "limit":
		return CauseLimit, words(r)
	case r.Log != "" && !atOpen:
		return CauseVerifier, verifierSays(r.Log)
	case class == "permission":
		return CausePermission, words(r)
	case atOpen || ownWord && (class == "malformed" || class == "invalid" || class == "not-found"):
		return CauseObject, words(r)
	case ownWord:
		return CauseLoader, "the loader refuses it by itself: " + words(r)
	case r.Stage == "load/create" && !unprobed(c, "map_type "):
		return CauseMap, words(r)
	}
	return CauseUnknown, words(r)
}

// leftToCaller returns the cause of a refusal that says no more than that something is invalid,
// where the object leaves to its program what the kernel wants to know; "" for none. The settings
// may say it in the program's place.
func leftToCaller(o *Object, r *record.Refusal) (Cause, string) {
	if r.Errno != int(syscall.EINVAL) || r.Log != "" ||
		!slices.Contains([]string{"load", "load/create", "load/verify", "command"}, r.Stage) {
		return "", ""
	}
	for _, name := range o.Needs.Unsized {
		s := o.Setting.Maps[name]
		if r.Stage != "load/verify" && s.MaxEntries == nil && (s.AutoCreate == nil || *s.AutoCreate) {
			return CauseMap, "map " + name + " has no max_entries: the program that it is of sets them " +
				"before the load, and here --settings does"
		}
	}
	for _, name := range o.Needs.Untyped {
		s := o.Setting.Programs[name]
		if r.Stage != "load/create" && s.Type == "" && (s.AutoLoad == nil || *s.AutoLoad) {
			return CauseLoader, "the section of program " + name + " says no type that is known: the " +
				"program that it is of sets one before the load, and here --settings does"
		}
	}
	return "", ""
}

// unprobed reports whether a probe of that kind could not tell what the kernel has.
func unprobed(c *record.Checked, kind string) bool {
	return slices.ContainsFunc(c.Probes, func(p record.Probe) bool {
		return strings.HasPrefix(p.Need, kind) && p.Unknown != ""
	})
}

// stops reports whether a lack of the kernel can be why a loader refused. A refusal that names no
// stage below load, or none at all but that a command ended, may be for any. A helper that is
// lacking stops no program whose log does not end at the call of it: programs may carry code that
// this kernel never runs.
func stops(lack Need, r *record.Refusal) bool {
	if lack.Cause == CauseHelper && r.Log != "" {
		words := strings.Fields(lack.Probe)
		return strings.Contains(lastLines(plainLog(r.Log), 6), "#"+words[len(words)-1])
	}
	switch r.Stage {
	case "load/create":
		return lack.Cause == CauseMapType || lack.Cause == CauseNoKernelBTF ||
			strings.HasPrefix(lack.Probe, structOps)
	case "load/relocate", "load/verify":
		return lack.Cause != CauseMapType
	case "load", "command", "attach":
		return true
	}
	return false
}

// words returns what the loader said of its refusal, in a line.
func words(r *record.Refusal) string {
	text := cmp.Or(firstLine(r.Message), r.Feature, r.Class)
	if r.Stage != "" {
		text += fmt.Sprintf(" (at %s, %s", r.Stage, r.Class)
		if r.Errno != 0 {
			text += fmt.Sprintf(", errno %d", r.Errno)
		}
		text += ")"
	}
	return text
}

// verifierSays returns the verifier's verdict: the last line of its log but for what it counts.
func verifierSays(log string) string {
	lines := strings.Split(strings.TrimSpace(plainLog(log)), "\n")
	for _, line := range slices.Backward(lines) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "processed ") &&
			!strings.HasPrefix(line, "verification time ") &&
			!strings.HasPrefix(line, "stack depth ") && !strings.HasPrefix(line, "-- END") {
			return "the verifier: " + line
		}
	}
	return "the verifier refuses a program, and says nothing"
}

// plainLog returns a verifier's log without the report that 7.3 writes below it, which says the
// same in other words. A log that was cut so that only the report is left stays as it is.
func plainLog(log string) string {
	plain, _, _ := strings.Cut(log, "\nVerification failed: ")
	return cmp.Or(strings.TrimSpace(plain), log)
}

// lastLines returns the last lines of a text.
func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

func firstLine(text string) string {
	text, _, _ = strings.Cut(strings.TrimSpace(text), "\n")
	return strings.TrimSpace(text)
}
