// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bufio"
	_ "embed"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/loadstone-bpf/loadstone/verdict"
)

//go:embed page/claims.html
var claimsHTML string

// A loaderClaim holds what a run lets one loader claim, or why it does not.
type loaderClaim struct {
	Loader string
	Claim  *verdict.Claim // nil for none
	Why    string         // there is none
}

// Musts says how many musts are met: "1,480 of 1,490".
func (l loaderClaim) Musts() string { return metOf(l.Claim.Must) }

// Shoulds says how many shoulds are met.
func (l loaderClaim) Shoulds() string { return metOf(l.Claim.Should) }

// claims returns the claim of each loader that a run has verdicts on, by name and version. A check
// of a user's objects shows nothing that a loader could claim.
func claims(f *verdict.File) []loaderClaim {
	if isCheck(f) {
		return nil
	}
	var all []loaderClaim
	for _, of := range verdict.LoaderVersions(f) {
		l := loaderClaim{Loader: verdict.Cell{Loader: of.Loader, LoaderVersion: of.Version}.LoaderName()}
		claim, err := verdict.MakeClaim(of, f)
		if err != nil {
			l.Why = err.Error()
		}
		l.Claim = claim
		all = append(all, l)
	}
	if len(all) > 1 && !slices.ContainsFunc(all, func(l loaderClaim) bool { return l.Claim != nil }) {
		return []loaderClaim{{Loader: "all loaders", Why: all[0].Why}} // a run that is not whole, mostly
	}
	return all
}

// metOf says how many specs are met of those that a loader is held to.
func metOf(s verdict.Score) string {
	if s.Specs == 0 {
		return "none claimed"
	}
	return thousands(s.Met) + " of " + thousands(s.Specs)
}

// thousands returns a number that is not negative with commas: "1,480".
func thousands(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}

// writeMarkdownClaims writes a table of what the run lets each loader claim.
func writeMarkdownClaims(w io.Writer, f *verdict.File) {
	all := claims(f)
	if len(all) == 0 {
		return
	}
	fmt.Fprint(w, "### Claims\n\n| loader | musts met | shoulds met | expected failures | digest of the verdicts |\n|---|---|---|---|---|\n")
	for _, l := range all {
		if l.Claim == nil {
			fmt.Fprintf(w, "| %s | no claim: %s | | | |\n", markdown(l.Loader), markdown(l.Why))
			continue
		}
		fmt.Fprintf(w, "| %s | %s | %s | %d | %s |\n", markdown(l.Loader), l.Musts(), l.Shoulds(), l.Claim.Expected(),
			markdown(l.Claim.Digest))
	}
	fmt.Fprintln(w)
}

// CheckedClaim says for people whether a claim, which was read from a file, holds, and where not.
func CheckedClaim(w io.Writer, file string, c verdict.ClaimCheck, s Screen) error {
	b := bufio.NewWriter(w)
	word, hue := "HOLDS", green
	says := "of the runs that it was made from"
	switch {
	case c.NoClaim != "":
		word, hue, says = "DOES NOT HOLD", red, "these runs make no claim: "+c.NoClaim
	case !c.Holds():
		word, hue, says = "DOES NOT HOLD", red, amount(len(c.Differences), "difference")
	case !c.SameRuns:
		says = "of other runs than it was made from, which end the same"
	}
	fmt.Fprintf(b, "%s  %s: %s\n", s.paint(hue, word), printableLine(file), printableLine(says))
	for _, d := range c.Differences {
		fmt.Fprintf(b, "  %s\n", printableLine(d.String()))
	}
	return b.Flush()
}
