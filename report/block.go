// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/loadstone-bpf/loadstone/verdict"
)

// A block holds the verdicts of a page as data, from which its script draws what a reader looks at.
// Each text is kept once, whoever says it, and verdicts name texts by their index. It is written as
// JSON, compressed, in base64: no byte of a guest's is markup.
type block struct {
	Texts   []string `json:"texts"`
	Kinds   []string `json:"kinds"`
	Loaders []string `json:"loaders"`
	Kernels []string `json:"kernels"`
	Suites  []string `json:"suites"`
	// features of specs: each entry holds those of some
	Profiles [][]string `json:"profiles"`
	Specs    []specData `json:"specs"`
	Items    []item     `json:"items"`
	Rows     rowColumns `json:"rows"`
}

// A specData holds what rows on one spec have in common.
type specData struct {
	Name     int `json:"name"`     // text
	Suite    int `json:"suite"`    // index
	Profiles int `json:"profiles"` // index
}

// rowColumns holds a row in each index of its lists, the findings first.
type rowColumns struct {
	Kind   []int   `json:"kind"`
	Loader []int   `json:"loader"`
	Kernel []int   `json:"kernel"`
	Spec   []int   `json:"spec"`
	Reason []int   `json:"reason"` // text
	MS     []int64 `json:"ms"`
	Items  [][]int `json:"items"` // what there is to tell when the row is opened
}

// An item holds one thing that an opened row tells, in a form that the script knows.
type item struct {
	form, label string
	texts       []int
}

// The forms of items.
const (
	formRequirement  = "requirement"  // a sentence, and the small print to it
	formField        = "field"        // a text
	formExpected     = "expected"     // a text
	formSeen         = "seen"         // a text
	formSources      = "sources"      // texts, each with its address behind it, which may be empty
	formParagraphs   = "paragraphs"   // texts
	formOrder        = "order"        // a text, and lines that are shown when it is opened
	formAgain        = "again"        // a command, in parts to be put together
	formLines        = "lines"        // of a log
	formConversation = "conversation" // lines
	formSplat        = "splat"        // lines
)

// MarshalJSON returns the form, the label and the texts as one list.
func (i item) MarshalJSON() ([]byte, error) {
	list := []any{i.form, i.label}
	for _, t := range i.texts {
		list = append(list, t)
	}
	return json.Marshal(list)
}

// A list gives things indices in the order in which they come up.
type list[T any] struct {
	all []T
	at  map[string]int
}

// index returns the index of a thing that key stands for.
func (l *list[T]) index(key string, thing T) int {
	if i, ok := l.at[key]; ok {
		return i
	}
	if l.at == nil {
		l.at = make(map[string]int)
	}
	i := len(l.all)
	l.at[key] = i
	l.all = append(l.all, thing)
	return i
}

// A packer collects what a block holds.
type packer struct {
	texts, kinds, loaders, kernels, suites list[string]
	profiles                               list[[]string]
	specs                                  list[specData]
	items                                  list[item]
	rows                                   rowColumns
}

// newBlock returns the rows as data.
func newBlock(rows []row) block {
	p := &packer{}
	p.text("") // an absent text has index 0
	for _, r := range rows {
		p.add(r)
	}
	return block{
		Texts: p.texts.all, Kinds: p.kinds.all, Loaders: p.loaders.all, Kernels: p.kernels.all,
		Suites: p.suites.all, Profiles: p.profiles.all, Specs: p.specs.all, Items: p.items.all,
		Rows: p.rows,
	}
}

func word(l *list[string], text string) int {
	text = printable(text)
	return l.index(text, text)
}

func (p *packer) text(text string) int { return word(&p.texts, text) }

func (p *packer) add(r row) {
	c := &p.rows
	c.Kind = append(c.Kind, word(&p.kinds, r.Name))
	c.Loader = append(c.Loader, word(&p.loaders, r.Loader))
	c.Kernel = append(c.Kernel, word(&p.kernels, r.Kernel))
	c.Spec = append(c.Spec, p.spec(r))
	c.Reason = append(c.Reason, p.text(r.Line()))
	c.MS = append(c.MS, r.DurationMS)
	items := []int{}
	if r.Opens {
		items = p.tell(r)
	}
	c.Items = append(c.Items, items)
}

func (p *packer) spec(r row) int {
	profiles := []string{}
	for _, f := range r.Profiles {
		profiles = append(profiles, printable(f))
	}
	s := specData{
		Name: p.text(r.Spec), Suite: word(&p.suites, r.Suite),
		Profiles: p.profiles.index(strings.Join(profiles, "\x00"), profiles),
	}
	return p.specs.index(fmt.Sprint(s), s)
}

// tell returns the items of a row, in the order in which they are read.
func (p *packer) tell(r row) []int {
	var items []int
	add := func(form, label string, texts ...string) {
		if len(texts) == 0 || len(texts) == 1 && texts[0] == "" {
			return
		}
		i := item{form: form, label: printable(label)}
		for _, t := range texts {
			i.texts = append(i.texts, p.text(t))
		}
		items = append(items, p.items.index(fmt.Sprintf("%q %q %d", i.form, i.label, i.texts), i))
	}
	for i, sentence := range r.Sentence {
		small := nonEmpty(string(r.Level))
		if i < len(r.Requirement) {
			small = append(small, r.Requirement[i])
		}
		add(formRequirement, "", sentence, strings.Join(small, " · "))
	}
	add(formExpected, "expected", r.Expected)
	add(formSeen, "seen", r.Seen)
	add(formField, "reason", r.Why())
	if e := r.Expectation; e != nil {
		add(formField, "known as", expectation(*e))
	}
	if len(r.Commits) > 0 {
		add(formField, "commits", "the kernel may lack "+strings.Join(r.Commits, ", "))
	}
	var sources []string
	for _, s := range r.Sources {
		sources = append(sources, s.Text, address(s))
	}
	add(formSources, "source", sources...)
	add(formField, "profiles", strings.Join(r.Profiles, ", "))
	add(formField, "kernel", r.KernelRelease)
	if r.Differs() {
		add(formOrder, "among others", slices.Concat([]string{among(r.Verdict)}, r.Shared.After)...)
	}
	if g := r.Guest; g != nil {
		add(formField, "guest", fmt.Sprintf("number %d, place %d", g.Number, g.Place))
	}
	add(formParagraphs, "left in the guest", left(r.Verdict)...)
	if r.Attempt > 0 {
		add(formField, "attempt", fmt.Sprint(r.Attempt))
	}
	if r.Starved > 0 {
		add(formField, "before", fmt.Sprintf("a limit passed in %s that the host gave too little of its time",
			amount(r.Starved, "guest")))
	}
	add(formAgain, "again", parts(r.Again)...)
	add(formLines, "detail", r.Detail)
	add(formConversation, "conversation", r.Conversation...)
	for _, s := range r.Splats {
		add(formSplat, "kernel log: "+s.ID, s.Lines...)
	}
	add(formLines, "console", r.Console...)
	add(formLines, "backtrace", r.Backtrace)
	return items
}

// expectation returns what is known of a failure, in a line.
func expectation(e verdict.Expectation) string {
	text := e.Expect + ": " + e.Issue
	if e.Owner != "" {
		text += ", owner " + e.Owner
	}
	if e.Until != "" {
		text += ", until " + e.Until
	}
	return text
}

// parts returns a command in two, of which others have one or the other: up to the spec, and the
// spec.
func parts(command string) []string {
	const spec = " --spec "
	if i := strings.LastIndex(command, spec); i >= 0 {
		return []string{command[:i+len(spec)], command[i+len(spec):]}
	}
	return []string{command}
}

// pack returns a block as the page has it.
func (b block) pack() (string, error) {
	text, err := json.Marshal(b)
	if err != nil {
		return "", err
	}
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return "", err
	}
	_, err = z.Write(text)
	if err := cmp.Or(err, z.Close()); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(packed.Bytes()), nil
}
