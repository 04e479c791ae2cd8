// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"slices"
	"strings"
)

// A Class says in what way a spec failed.
type Class string

// The classes.
const (
	ClassAccepted    Class = "accepted"    // what has to be refused was loaded, or said to be
	ClassRejected    Class = "rejected"    // what has to be loaded was refused
	ClassUnsupported Class = "unsupported" // the loader says that it has no such feature, and claims it
	ClassOther       Class = "other-class" // refused, at another stage or as something else
	ClassDied        Class = "died"        // the loader did
	ClassLeftOver    Class = "left-over"   // something stayed in the kernel
	// it does not claim the feature, and does not refuse either
	ClassPretended Class = "pretended"
	ClassSplat     Class = "splat" // the kernel complained
	ClassWrong     Class = "wrong" // anything else: what is there is not what has to be
)

// Classes lists all classes.
var Classes = []Class{
	ClassAccepted, ClassRejected, ClassUnsupported, ClassOther, ClassDied, ClassLeftOver,
	ClassPretended, ClassSplat, ClassWrong,
}

func classWords() string {
	var words []string
	for _, c := range Classes {
		words = append(words, string(c))
	}
	return strings.Join(words, ", ")
}

// Class returns in what way the spec failed, "" where it did not. What was expected and seen are
// texts of the guest program's own making (package suites/phrase), not the loader's.
func (v Verdict) Class() Class {
	if v.Kind != Fail && v.Kind != XFail && (v.Kind != Flaky || v.Seen == "" && v.Detail == "") {
		return ""
	}
	expected := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool {
			return strings.HasPrefix(v.Expected, w) || strings.Contains(v.Expected, ": "+w)
		})
	}
	switch {
	case len(v.Splats) > 0:
		return ClassSplat
	case strings.HasPrefix(v.Reason, "the loader does not claim "):
		return ClassPretended
	case strings.HasPrefix(v.Seen, "the loader died"):
		return ClassDied
	case strings.HasPrefix(v.Seen, "unsupported"):
		return ClassUnsupported
	case strings.HasPrefix(v.Seen, "rejected at ") && expected("rejected at "):
		return ClassOther
	case strings.HasPrefix(v.Seen, "rejected at "):
		return ClassRejected
	case expected("rejected at ", "a refusal"):
		return ClassAccepted
	case expected("nothing "):
		return ClassLeftOver
	}
	return ClassWrong
}
