// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
)

// ClaimFormat gives the version of claims that this package writes.
const ClaimFormat = 1

// maxClaim limits a file that is read as a claim, in bytes. One of 20,000 unmet specs takes 4 MiB.
const maxClaim = 16 << 20

var (
	// ErrNotClaim reports a file that no 'loadstone claim make' wrote, or that was edited since.
	ErrNotClaim = errors.New("not a claim")

	// ErrNewerClaim reports a claim in a format that this loadstone is too old for.
	ErrNewerClaim = errors.New("the claim is newer than this loadstone")

	// ErrClaimName reports a loader after which no file can be named.
	ErrClaimName = errors.New("no file can be named after the loader")
)

// A Claim says what one version of a loader does: how it did in runs of every spec, on which
// kernels, and by which loadstone. Whoever has the runs can make it again and compare; whoever has
// the same loadstone, loader and kernels can run it all again, and has to come to the same Digest.
type Claim struct {
	Format     int               `json:"format"`
	Loader     string            `json:"loader"` // without version
	Version    string            `json:"version"`
	Components map[string]string `json:"components,omitempty"`
	Root       string            `json:"root,omitempty"` // digest of the loader and its libraries
	Loadstone  Build             `json:"loadstone"`
	Catalogue  Catalogue         `json:"catalogue"` // every spec was asked on every kernel
	Isolation  string            `json:"isolation"`
	Kernels    []Kernel          `json:"kernels"` // by name
	Must       Score             `json:"must"`
	Should     Score             `json:"should"`
	Profiles   []ProfileScore    `json:"profiles"` // by name; a spec of several counts for each
	Unmet      []Unmet           `json:"unmet"`    // by spec
	Verdicts   int               `json:"verdicts"` // that it rests on
	Digest     string            `json:"digest"`   // of these: see [Verdict.claimed]
	Runs       []ClaimRun        `json:"runs"`     // by id
}

// A Score counts how a loader did on the specs of one level.
type Score struct {
	Specs   int `json:"specs"`   // that the loader is held to on at least one kernel
	Met     int `json:"met"`     // of these: passed on every kernel where it is held to them
	Claimed int `json:"claimed"` // verdicts, as all below: neither refused nor skipped
	Passed  int `json:"passed"`
	Failed  int `json:"failed"`
	// failed, as a list of known failures says
	Expected int `json:"expected"`
	Flaky    int `json:"flaky"`
	Crashed  int `json:"crashed"` // the kernel died
	Refused  int `json:"refused"` // the loader does not claim it
	Skipped  int `json:"skipped"` // the kernel lacks what it takes
}

// A ProfileScore counts how a loader did on the specs of one profile.
type ProfileScore struct {
	Name   string `json:"name"`
	Must   Score  `json:"must"`
	Should Score  `json:"should"`
}

// Unmet names a spec that the loader is held to and does not meet.
type Unmet struct {
	Spec    string   `json:"spec"`
	Level   Level    `json:"level"`
	Kind    Kind     `json:"verdict"`
	Kernels []string `json:"kernels"`
	Issue   string   `json:"issue,omitempty"` // of a failure that is known
	// passed alone, and the kernel died or complained in a guest that other specs had used
	Among bool `json:"among_others,omitempty"`
}

// A ClaimRun names a run that a claim was made from. The same made again is another run, with the
// same verdicts.
type ClaimRun struct {
	ID      string    `json:"id"`
	Started time.Time `json:"started"`
	Guest   string    `json:"guest"` // SHA-256 of the guest program
	Seed    uint64    `json:"seed,omitempty"`
	// of every byte of the run's verdicts on the loader, in any order
	Digest string `json:"digest"`
}

// LoaderName returns the loader as people name it: "libbpf 1.7".
func (c *Claim) LoaderName() string { return strings.TrimSpace(c.Loader + " " + c.Version) }

// Expected returns how many specs fail as a list of known failures says.
func (c *Claim) Expected() int {
	specs := make(map[string]bool)
	for _, u := range c.Unmet {
		if u.Kind == XFail {
			specs[u.Spec] = true
		}
	}
	return len(specs)
}

// claimName matches what a file can be named after on any system.
var claimName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._+~-]{0,99}$`)

// FileName returns the name of the claim's file without its ending: "libbpf-1.7". The error is a
// [*NoClaimError] that wraps [ErrClaimName].
func (c *Claim) FileName() (string, error) { return claimFileName(c.Loader, c.Version) }

func claimFileName(loader, version string) (string, error) {
	if !claimName.MatchString(loader) || version != "" && !claimName.MatchString(version) {
		return "", noClaim("%w %q, version %q: give it a name of letters, digits and ._+~-",
			ErrClaimName, loader, version)
	}
	if version == "" {
		return loader, nil
	}
	return loader + "-" + version, nil
}

// Text returns the claim as its file holds it: the same bytes each time.
func (c *Claim) Text() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	if err := e.Encode(c); err != nil {
		return nil, fmt.Errorf("claim: %w", err)
	}
	return b.Bytes(), nil
}

// ReadClaim reads the claim at path. Errors wrap [ErrNotClaim] or [ErrNewerClaim], or are those of
// reading a file.
func ReadClaim(path string) (*Claim, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxClaim+1))
	if err != nil {
		return nil, err
	}
	c, err := ParseClaim(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// ParseClaim reads a claim. It has to be byte for byte as [Claim.Text] writes it: of a key that is
// there twice, one reader sees the first, and another the last. Errors wrap [ErrNotClaim] or
// [ErrNewerClaim].
func ParseClaim(text []byte) (*Claim, error) {
	if len(text) > maxClaim {
		return nil, fmt.Errorf("%w: longer than %d bytes", ErrNotClaim, maxClaim)
	}
	var c Claim
	if err := json.Unmarshal(text, &c); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotClaim, err)
	}
	switch {
	case c.Format > ClaimFormat:
		return nil, fmt.Errorf("%w: it has format %d, this loadstone knows %d", ErrNewerClaim, c.Format, ClaimFormat)
	case c.Format < 1 || c.Loader == "" || c.Digest == "":
		return nil, fmt.Errorf("%w: it has no format, loader or digest", ErrNotClaim)
	}
	same, err := c.Text()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotClaim, err)
	}
	if !bytes.Equal(text, same) {
		return nil, fmt.Errorf("%w as loadstone writes it: it was edited, or its lines end otherwise; make it again",
			ErrNotClaim)
	}
	return &c, nil
}

// A scoring counts the verdicts of one level.
type scoring struct {
	Score
	held map[string]bool // by spec that the loader is held to: met so far
}

func (s *scoring) add(v Verdict) {
	count := map[Kind]*int{
		Pass: &s.Passed, XPass: &s.Passed, Fail: &s.Failed, XFail: &s.Expected, Flaky: &s.Flaky,
		Crash: &s.Crashed, Refused: &s.Refused, Skip: &s.Skipped,
	}[v.Kind]
	*count++
	if v.Kind == Refused || v.Kind == Skip {
		return
	}
	s.Claimed++
	if s.held == nil {
		s.held = make(map[string]bool)
	}
	before, asked := s.held[v.Spec]
	s.held[v.Spec] = v.meets() && (before || !asked)
}

func (s *scoring) score() Score {
	s.Specs, s.Met = len(s.held), 0
	for _, met := range s.held {
		if met {
			s.Met++
		}
	}
	return s.Score
}

// meets reports whether the verdict says that the loader does what it is held to.
func (v Verdict) meets() bool {
	return (v.Kind == Pass || v.Kind == XPass) && !v.FailsAmongOthers()
}

// scores counts musts and shoulds.
type scores struct{ must, should scoring }

func (s *scores) add(v Verdict) {
	if v.Level == Should {
		s.should.add(v)
	} else {
		s.must.add(v)
	}
}

// count fills in what the claim says of verdicts, all of which are on its loader and judged.
func (c *Claim) count(vs []Verdict) {
	var all scores
	profiles := make(map[string]*scores)
	type same struct {
		spec, issue string
		kind        Kind
		among       bool
	}
	unmet := make(map[same]*Unmet)
	for _, v := range vs {
		all.add(v)
		for _, p := range v.Profiles {
			if profiles[p] == nil {
				profiles[p] = new(scores)
			}
			profiles[p].add(v)
		}
		unasked := v.Kind == Refused || v.Kind == Skip
		if v.meets() || unasked && !v.FailsAmongOthers() {
			continue
		}
		at := same{spec: v.Spec, kind: v.Kind, among: v.FailsAmongOthers()}
		if v.Expectation != nil {
			at.issue = v.Expectation.Issue
		}
		if unmet[at] == nil {
			unmet[at] = &Unmet{
				Spec: v.Spec, Level: cmp.Or(v.Level, Must), Kind: v.Kind, Issue: at.issue, Among: at.among,
			}
		}
		unmet[at].Kernels = append(unmet[at].Kernels, v.Kernel)
	}
	c.Must, c.Should, c.Verdicts = all.must.score(), all.should.score(), len(vs)
	c.Profiles, c.Unmet = []ProfileScore{}, []Unmet{}
	for name, s := range profiles {
		c.Profiles = append(c.Profiles, ProfileScore{name, s.must.score(), s.should.score()})
	}
	slices.SortFunc(c.Profiles, func(a, b ProfileScore) int { return strings.Compare(a.Name, b.Name) })
	for _, u := range unmet {
		slices.Sort(u.Kernels)
		c.Unmet = append(c.Unmet, *u)
	}
	slices.SortFunc(c.Unmet, func(a, b Unmet) int {
		return cmp.Or(strings.Compare(a.Spec, b.Spec), strings.Compare(string(a.Kind), string(b.Kind)),
			strings.Compare(a.Issue, b.Issue), slices.Compare(a.Kernels, b.Kernels))
	})
}
