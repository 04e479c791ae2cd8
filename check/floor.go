// SPDX-License-Identifier: Apache-2.0

package check

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/loadstone-bpf/loadstone/verdict"
)

// Floors holds what each of some kernels has of types of maps and programs, and of helpers. It is
// made by asking these kernels: 'make floors' writes floors.json.
type Floors struct {
	Kernels []FloorKernel `json:"kernels"` // from old to new
	// Asked holds the answers: what was asked for, as a [Need]'s probe without the number that
	// ends it ("map_type", "helper 6"; "kernel_btf" has none, which is 0); the answers of all
	// kernels, in their order, a [Has], [Lacks] or [Untold] each; and the numbers that they are
	// about, as ranges: "1-25 27".
	Asked map[string]map[string]string `json:"asked"`
}

// FloorKernel describes a kernel that was asked.
type FloorKernel struct {
	Series  string `json:"series"`
	Release string `json:"release"` // uname -r
}

// What a kernel answers.
const (
	Has    = '+'
	Lacks  = '-'
	Untold = '?'
)

// ErrFloors is wrapped by the error about a table of kernels that contradicts itself.
var ErrFloors = errors.New("bad table of kernels")

//go:embed floors.json
var floorsJSON []byte

// ReadFloors returns the table that this program has.
func ReadFloors() (*Floors, error) { return ParseFloors(floorsJSON) }

// ParseFloors reads a table. The error wraps [ErrFloors].
func ParseFloors(text []byte) (*Floors, error) {
	var t Floors
	if err := json.Unmarshal(text, &t); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFloors, err)
	}
	if len(t.Kernels) == 0 {
		return nil, fmt.Errorf("%w: no kernels", ErrFloors)
	}
	if !slices.IsSortedFunc(t.Kernels, func(a, b FloorKernel) int { return CompareSeries(a.Series, b.Series) }) {
		return nil, fmt.Errorf("%w: kernels are not from old to new", ErrFloors)
	}
	for what, by := range t.Asked {
		seen := make(map[int]bool)
		for answers, numbers := range by {
			if len(answers) != len(t.Kernels) || strings.Trim(answers, "+-?") != "" {
				return nil, fmt.Errorf("%w: %s: answers %q of %d kernels", ErrFloors, what, answers, len(t.Kernels))
			}
			all, err := parseRanges(numbers)
			if err != nil {
				return nil, fmt.Errorf("%w: %s: %w", ErrFloors, what, err)
			}
			for _, n := range all {
				if seen[n] {
					return nil, fmt.Errorf("%w: %s %d has two answers", ErrFloors, what, n)
				}
				seen[n] = true
			}
		}
	}
	return &t, nil
}

// answers returns what each kernel of the table answers to a probe, "" where it was not asked. Of
// helpers in programs of a type that they cannot be probed in, it says whether programs of any type
// have them.
func (t *Floors) answers(probe string) string {
	words := strings.Fields(probe)
	number := 0
	if len(words) > 1 {
		var err error
		if number, err = strconv.Atoi(words[len(words)-1]); err != nil {
			return ""
		}
		words = words[:len(words)-1]
	}
	if of := t.Asked[strings.Join(words, " ")]; of != nil {
		return find(of, number)
	}
	if t.anyType(probe) {
		return find(t.Asked["helper_id"], number)
	}
	return ""
}

// anyType reports whether a probe is for a helper in programs of a type that helpers were not asked
// for in: where that cannot be done, as which ones a program has depends on what it attaches to.
func (t *Floors) anyType(probe string) bool {
	words := strings.Fields(probe)
	return len(words) == 3 && words[0] == "helper" && t.Asked["helper "+words[1]] == nil
}

func find(of map[string]string, number int) string {
	for answers, numbers := range of {
		all, _ := parseRanges(numbers) // they were read before
		if slices.Contains(all, number) {
			return answers
		}
	}
	return ""
}

// parseRanges reads "1-25 27".
func parseRanges(text string) ([]int, error) {
	var all []int
	for word := range strings.FieldsSeq(text) {
		first, last, isRange := strings.Cut(word, "-")
		from, err := strconv.Atoi(first)
		to := from
		if err == nil && isRange {
			to, err = strconv.Atoi(last)
		}
		if err != nil || from < 0 || to < from || to > 1<<16 {
			return nil, fmt.Errorf("bad numbers %q", word)
		}
		for ; from <= to; from++ {
			all = append(all, from)
		}
	}
	return all, nil
}

// Ranges writes numbers as a table has them, in their order: "1-25 27".
func Ranges(numbers []int) string {
	numbers = slices.Compact(slices.Sorted(slices.Values(numbers)))
	var words []string
	for i := 0; i < len(numbers); {
		end := i
		for end+1 < len(numbers) && numbers[end+1] == numbers[end]+1 {
			end++
		}
		word := strconv.Itoa(numbers[i])
		if end > i {
			word += "-" + strconv.Itoa(numbers[end])
		}
		words = append(words, word)
		i = end + 1
	}
	return strings.Join(words, " ")
}

// CompareSeries compares versions by their first two numbers: "5.10" is older than "6.1".
func CompareSeries(a, b string) int {
	aMajor, aMinor, _ := version(a)
	bMajor, bMinor, _ := version(b)
	return cmp.Or(cmp.Compare(aMajor, bMajor), cmp.Compare(aMinor, bMinor))
}

// A Floor bounds from below the kernels that an object can load on, by the types of its maps and
// programs and by the helpers that it calls.
type Floor struct {
	table *Floors
	// answers has for each kernel of the table whether it has all that the object needs, as far as
	// the table knows; "" where it knows nothing of it.
	answers string

	After   string // the newest kernel, before By, that lacks some of it; "" for none
	By      string // the oldest kernel that has all of it; "" where the table knows none
	For     []Need // what After lacks
	Unknown []Need // what is not in the table
}

// Of returns the bound of an object. What the user's settings leave out does not count, nor what
// programs need of which they change the type.
func (t *Floors) Of(o *Object) Floor {
	f := Floor{table: t}
	var known []Need
	for _, n := range o.Needs.All {
		switch {
		case !o.uses(n):
		case t.answers(n.Probe) == "":
			f.Unknown = append(f.Unknown, n)
		default:
			known = append(known, n)
		}
	}
	if len(known) == 0 {
		return f
	}
	all := []byte(strings.Repeat(string(Has), len(t.Kernels)))
	for _, n := range known {
		for i, answer := range []byte(t.answers(n.Probe)) {
			if answer == Lacks || answer == Untold && all[i] == Has {
				all[i] = answer
			}
		}
	}
	f.answers = string(all)
	first := strings.IndexByte(f.answers, Has)
	if first >= 0 {
		f.By = t.Kernels[first].Series
	} else {
		first = len(f.answers)
	}
	if last := strings.LastIndexByte(f.answers[:first], Lacks); last >= 0 {
		f.After = t.Kernels[last].Series
		for _, n := range known {
			if t.answers(n.Probe)[last] == Lacks {
				f.For = append(f.For, n)
			}
		}
	}
	return f
}

// uses reports whether anything in the object needs it that the settings neither leave out nor make
// another type of program.
func (o *Object) uses(n Need) bool {
	users := o.Needs.users[n.Probe]
	return len(users) == 0 || slices.ContainsFunc(users, func(who string) bool {
		kind, name, _ := strings.Cut(who, " ")
		switch kind {
		case "map":
			create := o.Setting.Maps[name].AutoCreate
			return create == nil || *create
		case "program":
			s := o.Setting.Programs[name]
			return (s.AutoLoad == nil || *s.AutoLoad) && s.Type == ""
		}
		return true
	})
}

// Lines says the bound, and what it leaves out; nothing of an object that needs nothing.
func (f Floor) Lines() []string {
	var lines []string
	newest := f.newest()
	switch {
	case f.answers == "":
	case f.After == "" && f.By == f.table.Kernels[0].Series:
		lines = append(lines, fmt.Sprintf("lower bound: %s, the oldest kernel of the table, has what it uses", f.By))
	case f.After == "" && f.By == "":
		lines = append(lines, "lower bound: not known, as the table cannot tell who has what it uses")
	case f.After == "":
		lines = append(lines, fmt.Sprintf("lower bound: by %s; of older kernels the table cannot tell", f.By))
	case f.By == "" && f.After == newest:
		lines = append(lines, fmt.Sprintf("lower bound: after %s, the newest kernel of the table, for %s", newest, f.why()))
	case f.By == "":
		lines = append(lines, fmt.Sprintf("lower bound: after %s, for %s; of newer kernels the table cannot tell", f.After, f.why()))
	default:
		lines = append(lines, fmt.Sprintf("lower bound: after %s, by %s, for %s", f.After, f.By, f.why()))
	}
	if len(f.Unknown) > 0 {
		lines = append(lines, "the bound leaves out what is not in the table: "+f.unknown())
	}
	return lines
}

func (f Floor) newest() string { return f.table.Kernels[len(f.table.Kernels)-1].Series }

// why names the first thing for want of which kernels up to the bound do not do.
func (f Floor) why() string {
	n := f.For[0]
	text := n.What
	if f.table.anyType(n.Probe) {
		text += ", which " + f.After + " lacks in those of any type"
	}
	if n.Who != "" {
		text += " (" + n.Who + ")"
	}
	if more := len(f.For) - 1; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// unknown names what is not in the table, by cause where it is much.
func (f Floor) unknown() string {
	const most = 2
	var texts []string
	if len(f.Unknown) <= most {
		for _, n := range f.Unknown {
			texts = append(texts, n.What)
		}
		return list(texts)
	}
	for _, c := range Causes {
		n := 0
		for _, u := range f.Unknown {
			if u.Cause == c.Cause {
				n++
			}
		}
		if n > 0 {
			texts = append(texts, fmt.Sprintf("%d × %s", n, c.Cause))
		}
	}
	return list(texts)
}

// Verdict returns the bound as a run file has it; nil for an object of which nothing is known, and
// that needs nothing.
func (f Floor) Verdict() *verdict.Floor {
	if f.answers == "" && len(f.Unknown) == 0 {
		return nil
	}
	v := &verdict.Floor{After: f.After, By: f.By}
	for _, n := range f.For {
		v.For = append(v.For, n.Probe)
	}
	for _, n := range f.Unknown {
		v.Unknown = append(v.Unknown, n.Probe)
	}
	return v
}

// at returns what the table says of a kernel by the answers of those in it: of a kernel between two
// that answer alike, the same, and of one that is older or newer than all, nothing. A kernel that
// is newer than one which has a thing, and older than one that lacks it, may have it or not.
func (t *Floors) at(answers, release string) byte {
	if _, _, ok := version(release); !ok || answers == "" {
		return Untold
	}
	at, exact := slices.BinarySearchFunc(t.Kernels, release, func(k FloorKernel, r string) int {
		return CompareSeries(k.Series, r)
	})
	switch {
	case exact:
		return answers[at]
	case at == 0 && answers[0] == Lacks:
		return Lacks // nothing was taken away that came back
	case at == 0 || at == len(answers) || answers[at-1] != answers[at]:
		return Untold
	}
	return answers[at]
}

// Disagrees says where the answer about an object and the table cannot both be right: it loads on a
// kernel that the table says lacks something, or it is refused on one for something that the table
// says the kernel has. It also says where an object that the table has nothing against is refused
// for what the kernel lacks and the table does not know. "" where they agree.
func (f Floor) Disagrees(a Answer) string {
	release := cmp.Or(a.Verdict.KernelRelease, a.Verdict.Kernel)
	if a.Unknown() || f.table == nil {
		return ""
	}
	if a.Loads() {
		if f.table.at(f.answers, release) != Lacks {
			return ""
		}
		var what []string
		for _, n := range a.Object.Needs.All {
			if a.Object.uses(n) && f.table.at(f.table.answers(n.Probe), release) == Lacks {
				what = append(what, n.What)
			}
		}
		return "it loads, and the table says that the kernel lacks " + list(what) +
			": what uses that may never be loaded or run"
	}
	for _, n := range a.Lacks {
		if f.table.at(f.table.answers(n.Probe), release) == Has {
			return "the kernel lacks " + n.What + ", and the table says that it has that"
		}
	}
	if slices.Contains(lackCauses, a.Cause) && f.table.at(f.answers, release) == Has {
		return "the bound is too low here, where the kernel lacks what is not in the table (" + string(a.Cause) + ")"
	}
	return ""
}
