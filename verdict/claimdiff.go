// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Difference names what a claim says and runs do not.
type Difference struct {
	Field string `json:"field"` // of the claim: "must.met", "profiles[pinning].must.passed"
	Claim string `json:"claim"` // "" where it has no such thing
	Runs  string `json:"runs"`  // "" where they have no such thing
}

// absentValue stands for what one side does not have, for people.
const absentValue = "nothing"

func (d Difference) String() string {
	return fmt.Sprintf("%s: the claim says %s, the runs say %s", d.Field, cmp.Or(d.Claim, absentValue),
		cmp.Or(d.Runs, absentValue))
}

// differences returns what c says otherwise than is, which was made from runs to check c against.
// Runs are compared where they are the same: by their ids. Other runs of the same are as good.
func (c *Claim) differences(is *Claim) ([]Difference, error) {
	claimed, seen := *c, *is
	claimed.Runs, seen.Runs = nil, nil
	for _, r := range c.Runs {
		i := slices.IndexFunc(is.Runs, func(other ClaimRun) bool { return other.ID == r.ID })
		if i >= 0 {
			claimed.Runs, seen.Runs = append(claimed.Runs, r), append(seen.Runs, is.Runs[i])
		}
	}
	was, err := fields(&claimed)
	if err != nil {
		return nil, err
	}
	now, err := fields(&seen)
	if err != nil {
		return nil, err
	}
	var all []Difference
	for _, field := range slices.Sorted(maps.Keys(union(was, now))) {
		if was[field] != now[field] {
			all = append(all, Difference{field, was[field], now[field]})
		}
	}
	return all, nil
}

// A ClaimCheck says how a claim was held against runs.
type ClaimCheck struct {
	// the runs are those that it was made from, by their ids, and not the same made again
	SameRuns bool `json:"same_runs"`
	// why the runs make no claim of the loader at all
	NoClaim     string       `json:"no_claim,omitempty"`
	Differences []Difference `json:"differences"`
}

// Holds reports whether the claim says what the runs say. Of runs that make no claim it cannot be
// shown to hold.
func (c ClaimCheck) Holds() bool { return c.NoClaim == "" && len(c.Differences) == 0 }

// Check holds the claim against runs. The error wraps [ErrNoLoader] where these have no verdict on
// its loader.
func (c *Claim) Check(files ...*File) (ClaimCheck, error) {
	check := ClaimCheck{Differences: []Difference{}}
	is, err := MakeClaim(LoaderVersion{c.Loader, c.Version}, files...)
	var none *NoClaimError
	if errors.As(err, &none) && !errors.Is(err, ErrNoLoader) {
		check.NoClaim = none.Error()
		return check, nil
	}
	if err != nil {
		return check, err
	}
	differences, err := c.differences(is)
	check.Differences = append(check.Differences, differences...)
	check.SameRuns = c.sameRuns(is)
	return check, err
}

// sameRuns reports whether two claims were made from the same runs, by their ids.
func (c *Claim) sameRuns(is *Claim) bool {
	return slices.EqualFunc(c.Runs, is.Runs, func(a, b ClaimRun) bool { return a.ID == b.ID })
}

func union(a, b map[string]string) map[string]bool {
	all := make(map[string]bool)
	for key := range a {
		all[key] = true
	}
	for key := range b {
		all[key] = true
	}
	return all
}

// fields returns the values of a claim as JSON, by where they stand in it.
func fields(c *Claim) (map[string]string, error) {
	text, err := c.Text()
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var whole any
	if err := d.Decode(&whole); err != nil {
		return nil, fmt.Errorf("claim: %w", err)
	}
	found := make(map[string]string)
	return found, flatten(found, "", whole)
}

// flatten adds the values below a value. Things in a list go by what names them, so that one more
// does not shift those that follow.
func flatten(found map[string]string, at string, value any) error {
	switch v := value.(type) {
	case map[string]any:
		if _, whole := v["spec"]; whole { // an unmet spec is one thing
			break
		}
		for key, below := range v {
			if err := flatten(found, strings.TrimPrefix(at+"."+key, "."), below); err != nil {
				return err
			}
		}
		return nil
	case []any:
		for i, below := range v {
			if err := flatten(found, fmt.Sprintf("%s[%s]", at, nameIn(v, i)), below); err != nil {
				return err
			}
		}
		return nil
	}
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("claim: %w", err)
	}
	found[at] = string(text)
	return nil
}

// nameIn returns what names a thing in a list: its name, id or spec where no other before it has
// that, else also its number among these; a plain text names itself.
func nameIn(list []any, i int) string {
	name := func(value any) string {
		switch v := value.(type) {
		case map[string]any:
			for _, key := range []string{"name", "spec", "id"} {
				if text, ok := v[key].(string); ok {
					return text
				}
			}
		case string:
			return v
		}
		return ""
	}
	own, before := name(list[i]), 0
	for _, other := range list[:i] {
		if name(other) == own {
			before++
		}
	}
	if before > 0 {
		return fmt.Sprintf("%s #%d", own, before+1)
	}
	return own
}
