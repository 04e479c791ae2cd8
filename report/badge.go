// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strings"

	"github.com/loadstone-bpf/loadstone/verdict"
)

// Sizes of a badge, in pixels.
const (
	badgeHeight = 20
	badgeFont   = 11
	badgeMargin = 6 // on each side of a text
)

// badgeLoader limits how many characters of a loader's name a badge shows.
const badgeLoader = 40

// badgeBrand stands on the left of every badge.
const badgeBrand = "loadstone"

// Colors of a badge, by the share of the musts that are met. White text on each has a contrast of
// at least 4.5 to 1, as WCAG 2.1 wants it (success criterion 1.4.3).
const (
	badgeAll     = "#1a7f37"
	badgeMost    = "#4d7c0f" // 99 in 100
	badgeMany    = "#946200" // 90 in 100
	badgeFew     = "#cf222e"
	badgeUnasked = "#57606a" // the loader claims no must
	badgeLeft    = "#444c56" // behind the brand
)

// Badge returns an SVG image of a claim, the same bytes each time. It fetches nothing, and runs
// nothing.
func Badge(c *verdict.Claim) []byte {
	name := elided(printableLine(c.LoaderName()), badgeLoader)
	says := name + ": " + metOf(c.Must) + " musts"
	if c.Must.Specs == 0 {
		says = name + ": no musts claimed"
	}
	left, right := textWidth(badgeBrand), textWidth(says)
	leftBox, rightBox := left+2*badgeMargin, right+2*badgeMargin
	title := badgeBrand + ": " + strings.TrimPrefix(says, name+": ") + " by " + name
	if c.Must.Specs > 0 {
		title = fmt.Sprintf("%s: %s meets %s musts that it claims", badgeBrand, name, metOf(c.Must))
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" role="img" aria-labelledby="title desc">`+"\n",
		leftBox+rightBox, badgeHeight)
	fmt.Fprintf(&b, "<title id=\"title\">%s</title>\n", escape(title))
	fmt.Fprintf(&b, "<desc id=\"desc\">%s</desc>\n", escape(badgeDescription(c)))
	fmt.Fprintf(&b, `<clipPath id="round"><rect width="%d" height="%d" rx="3"/></clipPath>`+"\n", leftBox+rightBox, badgeHeight)
	fmt.Fprintf(&b, `<g clip-path="url(#round)"><rect width="%d" height="%d" fill="%s"/><rect x="%[1]d" width="%[4]d" height="%[2]d" fill="%[5]s"/></g>`+"\n",
		leftBox, badgeHeight, badgeLeft, rightBox, badgeColor(c.Must))
	fmt.Fprintf(&b, `<g fill="#fff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="%d">`, badgeFont)
	fmt.Fprintf(&b, `<text x="%d" y="14" textLength="%d" lengthAdjust="spacingAndGlyphs">%s</text>`, badgeMargin, left, badgeBrand)
	fmt.Fprintf(&b, `<text x="%d" y="14" textLength="%d" lengthAdjust="spacingAndGlyphs">%s</text></g>`+"\n</svg>\n",
		leftBox+badgeMargin, right, escape(says))
	return []byte(b.String())
}

// badgeDescription says what a claim rests on.
func badgeDescription(c *verdict.Claim) string {
	var kernels []string
	for _, k := range c.Kernels {
		kernels = append(kernels, strings.TrimSpace(printableLine(k.Name)+" "+parenthesis(printableLine(k.Arch))))
	}
	said := "On kernels " + strings.Join(kernels, ", ")
	if n := c.Expected(); n > 0 {
		said += "; " + amount(n, "expected failure")
	}
	return fmt.Sprintf("%s; shoulds: %s; loadstone %s; digest %s", said, metOf(c.Should),
		printableLine(c.Loadstone.Version), printableLine(c.Digest))
}

// badgeColor returns the color of a share.
func badgeColor(s verdict.Score) string {
	switch {
	case s.Specs == 0:
		return badgeUnasked
	case s.Met == s.Specs:
		return badgeAll
	case s.Met*100 >= s.Specs*99:
		return badgeMost
	case s.Met*100 >= s.Specs*90:
		return badgeMany
	}
	return badgeFew
}

// printableLine returns text as one line without anything that an image or a browser obeys.
func printableLine(text string) string {
	return strings.Join(strings.Fields(printable(text)), " ")
}

// elided returns text with at most so many characters.
func elided(text string, most int) string {
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:most-1]) + "…"
}

// verdanaWidths holds how wide Verdana's glyphs from blank to tilde are, in thousandths of the size
// of the font, as its hmtx table has them. Other fonts are narrower, and are stretched to it.
var verdanaWidths = [...]int{
	352, 394, 459, 818, 636, 1076, 727, 269, 454, 454, 636, 818, 364, 454, 364, 454,
	636, 636, 636, 636, 636, 636, 636, 636, 636, 636, 454, 454, 818, 818, 818, 545,
	1000, 684, 686, 698, 771, 632, 575, 775, 751, 421, 455, 693, 557, 843, 748, 787,
	603, 787, 695, 684, 616, 732, 684, 989, 685, 615, 685, 454, 454, 454, 818, 636,
	636, 601, 623, 521, 623, 596, 352, 623, 633, 274, 344, 592, 274, 973, 633, 607,
	623, 623, 427, 521, 394, 633, 592, 818, 592, 592, 525, 635, 454, 635, 818,
}

// textWidth returns how wide a text is in a badge, in pixels, rounded up. What is not ASCII counts
// as a square.
func textWidth(text string) int {
	const square = 1000
	thousandths := 0
	for _, r := range text {
		if i := int(r - ' '); i >= 0 && i < len(verdanaWidths) {
			thousandths += verdanaWidths[i]
		} else {
			thousandths += square
		}
	}
	return (thousandths*badgeFont + 999) / 1000
}
