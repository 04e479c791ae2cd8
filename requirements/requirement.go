// SPDX-License-Identifier: Apache-2.0

package requirements

import "strings"

// Level says how binding a requirement is.
type Level string

// The levels, in the words of RFC 2119.
const (
	Must   Level = "must"
	Should Level = "should"
)

// Requirement holds one sentence that loaders are held to, and what belongs to it.
type Requirement struct {
	ID       string   // stable, dotted, lower case: "mapdefs.btf.unknown-field-refused"; see Area
	Level    Level    //
	Sentence string   // a whole sentence, for people
	Profiles []string // a loader that claims all of them is held to it; never empty
	Needs    Needs    // what the kernel must have for the question to make sense

	// Variants says what single variants need beyond Needs, by the part of a spec's id after the
	// slash. It need not have an entry for a variant that needs nothing more.
	Variants map[string]Needs

	// Surroundings say what the loader has less of than root, by variant; see
	// [Requirement.SurroundingsOf]. Variants that are not in it have those of "".
	Surroundings map[string]Surroundings

	// Alone says what a spec of it changes for the whole kernel, so that no other may run in the
	// same guest; "" for nothing.
	Alone string

	Sources []Source // where the rule comes from; never empty
	Since   string   // version of loadstone that first asked for it, "" for the first
	Commits []Commit // kernel commits that a kernel may lack where a loader fails this
}

// Commit names a kernel commit, as a hint for the reader of a failure.
type Commit struct {
	Commit string `yaml:"commit"` // hash, at least 12 digits
	Why    string `yaml:"why"`    // what it changed
}

// Area returns the part of the id before the first dot, which names the suite that asks for it.
func (r Requirement) Area() string {
	area, _, _ := strings.Cut(r.ID, ".")
	return area
}

// NeedsOf returns what the spec of that id needs: the requirement's needs and those of its variant.
func (r Requirement) NeedsOf(specID string) Needs {
	_, variant := Split(specID)
	return r.Needs.And(r.Variants[variant])
}

// SurroundingsOf returns the surroundings in which the spec of that id asks a loader: those of its
// variant, if that has its own.
func (r Requirement) SurroundingsOf(specID string) Surroundings {
	_, variant := Split(specID)
	if own, found := r.Surroundings[variant]; found {
		return own
	}
	return r.Surroundings[""]
}

// Split splits a spec's id into its requirement's and the variant, which is "" where there is none.
func Split(specID string) (requirement, variant string) {
	requirement, variant, _ = strings.Cut(specID, "/")
	return requirement, variant
}
