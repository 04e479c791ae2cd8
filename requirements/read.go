// SPDX-License-Identifier: Apache-2.0

package requirements

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

//go:embed *.yaml
var files embed.FS

// read parses the embedded set once.
var read = sync.OnceValues(func() (*Set, error) { return Parse(files) })

// Set holds requirements that do not contradict each other.
type Set struct {
	all []Requirement // sorted by id
}

// Read returns the embedded requirements, which it parses at the first call. The error joins every
// mistake in them, each with its file and line.
func Read() (*Set, error) { return read() }

// All returns every requirement, sorted by id.
func (s *Set) All() []Requirement { return slices.Clone(s.all) }

// Get returns the requirement of that id.
func (s *Set) Get(id string) (Requirement, bool) {
	byID := func(r Requirement, id string) int { return cmp.Compare(r.ID, id) }
	i, found := slices.BinarySearchFunc(s.all, id, byID)
	if !found {
		return Requirement{}, false
	}
	return s.all[i], true
}

// ForSpec returns the requirement that the spec of that id checks.
func (s *Set) ForSpec(specID string) (Requirement, bool) {
	id, _ := Split(specID)
	return s.Get(id)
}

// Parse reads every .yaml file at the root of files. The error joins every mistake, each with its
// file and line.
func Parse(files fs.FS) (*Set, error) {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list requirements: %w", err)
	}
	var set Set
	var problems []error
	seen := map[string]string{} // id to place
	for _, name := range names {
		f := file{name: name, seen: seen}
		set.all = append(set.all, f.parse(files)...)
		problems = append(problems, f.problems...)
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	slices.SortFunc(set.all, func(a, b Requirement) int { return cmp.Compare(a.ID, b.ID) })
	return &set, nil
}

// A file collects what is read from one YAML file, and what is wrong with it.
type file struct {
	name     string
	seen     map[string]string
	previous string // id before the one that is read now
	problems []error
}

func (f *file) parse(files fs.FS) []Requirement {
	text, err := fs.ReadFile(files, f.name)
	if err != nil {
		f.problems = append(f.problems, fmt.Errorf("read requirements: %w", err))
		return nil
	}
	var entries []yaml.Node
	if err := yaml.Unmarshal(text, &entries); err != nil {
		f.problems = append(f.problems, fmt.Errorf("%s: %w", f.name, err))
		return nil
	}
	if len(entries) == 0 {
		f.problems = append(f.problems, fmt.Errorf("%s: no requirement in it", f.name))
	}
	all := make([]Requirement, 0, len(entries))
	for i := range entries {
		if r, ok := f.entry(&entries[i]); ok {
			all = append(all, r)
		}
	}
	return all
}

// surroundings reports unknown keys of surroundings.
func (f *file) surroundings(node *yaml.Node) {
	f.keys(node, surroundingsKeys...)
	f.keys(value(node, "delegate"), delegateKeys...)
}

func (f *file) entry(node *yaml.Node) (Requirement, bool) {
	before := len(f.problems)
	f.keys(node, entryKeys...)
	f.keys(value(node, "needs"), needsKeys...)
	f.surroundings(value(node, "surroundings"))
	for _, variant := range values(value(node, "variants")) {
		f.keys(variant, append(slices.Clone(needsKeys), "surroundings")...)
		f.surroundings(value(variant, "surroundings"))
	}
	for _, source := range values(value(node, "sources")) {
		f.keys(source, sourceKeys...)
	}
	for _, commit := range values(value(node, "kernel_commit")) {
		f.keys(commit, "commit", "why")
	}
	var e entry
	if err := node.Decode(&e); err != nil {
		f.report(node, "%w", err)
		return Requirement{}, false
	}
	f.check(node, e)
	r := Requirement{
		ID: e.ID, Level: Must, Sentence: e.Must, Profiles: e.Profiles,
		Needs: e.Needs, Variants: e.needs(), Surroundings: e.surroundings(), Alone: e.Alone,
		Since: e.Since, Commits: e.Commits,
	}
	for _, s := range e.Sources {
		r.Sources = append(r.Sources, s.withRelease())
	}
	if e.Must == "" {
		r.Level, r.Sentence = Should, e.Should
	}
	return r, len(f.problems) == before
}

var (
	entryKeys = []string{
		"id", "must", "should", "profiles", "needs", "surroundings", "variants", "alone",
		"sources", "since", "kernel_commit",
	}
	needsKeys = []string{
		"freplace", "kernel", "kconfig", "map_type", "numa_nodes", "struct_ops", "struct_ops_link", "token",
	}
	surroundingsKeys = []string{"user", "caps", "bpffs", "delegate", "memlock", "process"}
	delegateKeys     = []string{"cmds", "maps", "progs", "attachs"}
)

// check reports everything that is wrong with what an entry says.
func (f *file) check(node *yaml.Node, e entry) {
	f.checkID(node, e.ID)
	if (e.Must == "") == (e.Should == "") {
		f.report(node, "%s: one of must and should says the sentence", e.ID)
	}
	if sentence := e.Must + e.Should; sentence != "" && !strings.HasSuffix(sentence, ".") {
		f.report(node, "%s: %q is no sentence: it does not end with a full stop", e.ID, sentence)
	}
	if len(e.Profiles) == 0 {
		f.report(node, "%s: no profile: no loader is held to it", e.ID)
	}
	for _, p := range e.Profiles {
		if !slices.Contains(profiles, p) {
			f.report(node, "%s: unknown profile %q, have %s", e.ID, p, strings.Join(profiles, ", "))
		}
	}
	if node := value(node, "alone"); node != nil && strings.TrimSpace(e.Alone) == "" {
		f.report(node, "%s: alone does not say what is changed for the whole kernel", e.ID)
	}
	if len(e.Sources) == 0 {
		f.report(node, "%s: no source", e.ID)
	}
	nodes := values(value(node, "sources"))
	for i, s := range e.Sources {
		for _, problem := range s.problems() {
			f.report(nodes[i], "%s: source: %s", e.ID, problem)
		}
	}
	f.checkNeeds(node, e.ID, e.Needs)
	for variant, within := range e.surroundings() {
		for _, problem := range within.problems() {
			f.report(node, "%s: surroundings: %s", strings.TrimSuffix(e.ID+"/"+variant, "/"), problem)
		}
	}
	for variant, needs := range e.needs() {
		if !isWord(variant) {
			f.report(node, "%s: variant %q is not lower case letters, digits, - and _",
				e.ID, variant)
		}
		f.checkNeeds(node, e.ID+"/"+variant, e.Needs.And(needs))
	}
	for _, c := range e.Commits {
		if len(c.Commit) < 12 || strings.Trim(c.Commit, "0123456789abcdef") != "" || c.Why == "" {
			f.report(node, "%s: kernel_commit wants a hash of at least 12 digits and why it matters",
				e.ID)
		}
	}
}

func (f *file) checkID(node *yaml.Node, id string) {
	if err := CheckID(id); err != nil {
		f.report(node, "%w", err)
		return
	}
	if area, _, _ := strings.Cut(id, "."); area != strings.TrimSuffix(path.Base(f.name), ".yaml") {
		f.report(node, "%s: does not belong to %s: its area is %s", id, f.name, area)
	}
	if first, dup := f.seen[id]; dup {
		f.report(node, "%s: is already at %s", id, first)
		return
	}
	f.seen[id] = fmt.Sprintf("%s:%d", f.name, node.Line)
	if id < f.previous {
		f.report(node, "%s: comes after %s: ids are sorted", id, f.previous)
	}
	f.previous = id
}

func (f *file) checkNeeds(node *yaml.Node, id string, n Needs) {
	probed := []struct {
		what  string
		asked bool
	}{
		{"map type " + n.MapType, n.MapType != ""},
		{"struct_ops " + n.StructOps, n.StructOps != ""},
		{"links of struct_ops", n.StructOpsLink},
		{"BPF tokens", n.Token},
		{"extension programs", n.Freplace},
	}
	for _, p := range probed {
		if p.asked && n.Kernel == (Version{}) {
			f.report(node, "%s: needs %s, but not the kernel that brought it: "+
				"a probe could not be contradicted", id, p.what)
		}
	}
	if n.StructOps != "" && !isWord(strings.ToLower(n.StructOps)) {
		f.report(node, "%s: struct_ops %q is no name of a structure", id, n.StructOps)
	}
	if n.MapType != "" && !isWord(n.MapType) {
		f.report(node, "%s: map type %q is not the kernel's name in lower case", id, n.MapType)
	}
	for _, symbol := range n.Kconfig {
		upper := strings.ToUpper(symbol) == symbol
		if strings.HasPrefix(symbol, "CONFIG_") || !upper || symbol == "" {
			f.report(node, "%s: kconfig %q: symbols are written without CONFIG_, in upper case",
				id, symbol)
		}
	}
	if n.NUMANodes < 0 {
		f.report(node, "%s: numa_nodes %d is negative", id, n.NUMANodes)
	}
}

// CheckID returns an error if id does not have the form of a requirement's: at least two words with
// dots between them, each of lower-case letters, digits, - and _.
func CheckID(id string) error {
	words := strings.Split(id, ".")
	if len(words) < 2 || !all(words, isWord) {
		return fmt.Errorf("id %q is not dotted words of lower-case letters, digits, - and _, "+
			"such as mapdefs.btf.unknown-field-refused", id)
	}
	return nil
}

// CheckSpecID returns an error if id does not have the form of a spec's: a requirement's id,
// optionally followed by a slash and a variant.
func CheckSpecID(id string) error {
	requirement, variant, found := strings.Cut(id, "/")
	if err := CheckID(requirement); err != nil {
		return err
	}
	if found && !isWord(variant) {
		return fmt.Errorf("id %q: variant %q is not lower-case letters, digits, - and _",
			id, variant)
	}
	return nil
}

func all(words []string, ok func(string) bool) bool {
	return !slices.ContainsFunc(words, func(w string) bool { return !ok(w) })
}

// isWord reports whether w consists of lower-case letters, digits, - and _, and begins with a
// letter or digit.
func isWord(w string) bool {
	for i := range len(w) {
		c := w[i]
		letter := c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
		if !letter && (i == 0 || c != '-' && c != '_') {
			return false
		}
	}
	return w != ""
}

// UnmarshalYAML reads a version such as "5.16". A number without quotes is refused: 5.10 would read
// as 5.1.
func (v *Version) UnmarshalYAML(node *yaml.Node) error {
	if node.Tag != "!!str" {
		return fmt.Errorf("line %d: kernel %s: put it in quotes", node.Line, node.Value)
	}
	parsed, err := VersionOf(node.Value)
	if err != nil {
		return fmt.Errorf("line %d: %w", node.Line, err)
	}
	if parsed.String() != node.Value {
		return fmt.Errorf("line %d: kernel %q is not major.minor", node.Line, node.Value)
	}
	*v = parsed
	return nil
}

// keys reports every unknown key of a mapping.
func (f *file) keys(node *yaml.Node, known ...string) {
	node = resolve(node)
	if node == nil {
		return
	}
	if node.Kind != yaml.MappingNode {
		f.report(node, "want a mapping")
		return
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		if !slices.Contains(known, key.Value) {
			f.report(key, "unknown key %q, have %s", key.Value, strings.Join(known, ", "))
		}
	}
}

func (f *file) report(node *yaml.Node, format string, args ...any) {
	err := fmt.Errorf(format, args...)
	f.problems = append(f.problems, fmt.Errorf("%s:%d: %w", f.name, node.Line, err))
}

// value returns the value of a mapping's key, or nil.
func value(node *yaml.Node, key string) *yaml.Node {
	node = resolve(node)
	if node == nil || node.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == key {
			return node.Content[i+1]
		}
	}
	return nil
}

// values returns the values of a mapping or the elements of a sequence.
func values(node *yaml.Node) []*yaml.Node {
	node = resolve(node)
	if node == nil {
		return nil
	}
	if node.Kind != yaml.MappingNode {
		return node.Content
	}
	var all []*yaml.Node
	for i := 0; i+1 < len(node.Content); i += 2 {
		all = append(all, node.Content[i+1])
	}
	return all
}

// resolve returns the node that an alias stands for.
func resolve(node *yaml.Node) *yaml.Node {
	if node != nil && node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}
