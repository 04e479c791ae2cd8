// SPDX-License-Identifier: Apache-2.0

package requirements

import "strings"

// Level is how binding a requirement is.
type Level string

// The levels, in the words of RFC 2119.
const (
	Must   Level = "must"
	Should Level = "should"
)

// Requirement is one sentence a loader is held to.
type Requirement struct {
	ID       string   // stable, dotted, lower case; the part before the first dot is the area: "mapdefs.btf.unknown-field-refused"
	Level    Level    //
	Sentence string   // a whole sentence, for people
	Profiles []string // who is held to it: a loader that claims all of them; never empty
	Needs    Needs    // what the kernel must have for the question to make sense

	// Variants says what single variants need beyond Needs, by the part of a spec's id behind the slash. Variants that need nothing more
	// are not named here.
	Variants map[string]Needs

	Sources []Source // where the rule comes from; never empty
	Since   string   // version of loadstone that first asked for it, "" for the first
	Commits []Commit // kernel commits that a kernel may lack where a loader fails this
}

// Commit is a kernel commit, as a hint to whoever looks at a failure.
type Commit struct {
	Commit string `yaml:"commit"` // hash, at least 12 digits
	Why    string `yaml:"why"`    // what it changed
}

// Area is the part of the id before the first dot: the suite that asks for it.
func (r Requirement) Area() string {
	area, _, _ := strings.Cut(r.ID, ".")
	return area
}

// NeedsOf is what the spec of that id needs: the requirement's needs and those of its variant.
func (r Requirement) NeedsOf(specID string) Needs {
	_, variant := Split(specID)
	return r.Needs.And(r.Variants[variant])
}

// Split splits a spec's id into its requirement's and the variant, which is "" where there is none.
func Split(specID string) (requirement, variant string) {
	requirement, variant, _ = strings.Cut(specID, "/")
	return requirement, variant
}
