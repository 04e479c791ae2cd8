// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/loadstone-bpf/loadstone/verdict"
)

// badged returns a claim that meets some of its musts.
func badged(loader, version string, met, specs int) *verdict.Claim {
	return &verdict.Claim{
		Format: 1, Loader: loader, Version: version, Must: verdict.Score{Specs: specs, Met: met},
		Kernels: []verdict.Kernel{{Name: "5.10", Arch: "amd64"}, {Name: "6.12"}}, Loadstone: verdict.Build{Version: "0.2"},
		Unmet: []verdict.Unmet{{Spec: "a.b", Kind: verdict.XFail}}, Digest: "sha256:ab",
	}
}

func TestBadge(t *testing.T) {
	golden(t, "badge.svg", Badge(badged("libbpf", "1.7", 1480, 1490)))
}

func TestBadgesSay(t *testing.T) {
	for says, c := range map[string]*verdict.Claim{
		">libbpf 1.7: 1,480 of 1,490 musts</text>": badged("libbpf", "1.7", 1480, 1490),
		">mine: no musts claimed</text>":           badged("mine", "", 0, 0),
		">aya 1: 7 of 7 musts</text>":              badged("aya", "1", 7, 7),
		badgeAll:                                   badged("aya", "1", 7, 7),
		badgeMost:                                  badged("aya", "1", 1699, 1700),
		badgeMany:                                  badged("aya", "1", 98, 100),
		badgeFew:                                   badged("aya", "1", 89, 100),
		badgeUnasked:                               badged("aya", "1", 0, 0),
		"<title id=\"title\">loadstone: aya 1 meets 89 of":                                                                 badged("aya", "1", 89, 100),
		"On kernels 5.10 (amd64), 6.12; 1 expected failure; shoulds: none claimed; loadstone 0.2; digest sha256:ab</desc>": badged("aya", "1", 89, 100),
	} {
		if text := string(Badge(c)); !strings.Contains(text, says) {
			t.Errorf("no %q in %s", says, text)
		}
	}
}

// A badge holds elements of its own only, one line of text in each, whatever a loader is called.
func TestBadgesOfHostileNames(t *testing.T) {
	for _, name := range []string{
		"<script>alert(1)</script>", "a\nb\r\tc", "\x1b[2J\x00\x07", `"><image href="x"/>`, "]]>&amp;&#x3c;", "\u202egnitirw\u2028",
		strings.Repeat("W", 500), "日本語 ローダー", "\xff\xfe", "",
	} {
		c := badged(name, name, 1, 2)
		c.Kernels[0].Name, c.Kernels[0].Arch, c.Loadstone.Version, c.Digest = name, name, name, name
		text := Badge(c)
		checkBadge(t, text)
		if again := Badge(c); !bytes.Equal(text, again) {
			t.Errorf("%q: another badge the second time", name)
		}
	}
}

// checkBadge holds a badge against what it may be made from, and whether its texts are within their
// boxes.
func checkBadge(t *testing.T, text []byte) {
	t.Helper()
	allowed := map[string]string{
		"svg": "xmlns width height viewBox role aria-labelledby", "title": "id", "desc": "id", "clipPath": "id",
		"rect": "x width height rx fill", "g": "clip-path fill font-family font-size", "text": "x y textLength lengthAdjust",
	}
	attribute := func(e xml.StartElement, name string) float64 {
		for _, a := range e.Attr {
			if a.Name.Local == name {
				n, err := strconv.ParseFloat(a.Value, 64)
				if err != nil {
					t.Errorf("%s of %s: %v", name, e.Name.Local, err)
				}
				return n
			}
		}
		return 0
	}
	type span struct{ from, to float64 }
	var boxes, texts []span
	var width float64
	for d := xml.NewDecoder(bytes.NewReader(text)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		switch e := token.(type) {
		case xml.StartElement:
			attributes, found := allowed[e.Name.Local]
			if !found {
				t.Errorf("element %s in %s", e.Name.Local, text)
			}
			for _, a := range e.Attr {
				if !strings.Contains(" "+attributes+" ", " "+a.Name.Local+" ") {
					t.Errorf("attribute %s of %s", a.Name.Local, e.Name.Local)
				}
			}
			from := attribute(e, "x")
			switch e.Name.Local {
			case "svg":
				width = attribute(e, "width")
			case "rect":
				boxes = append(boxes, span{from, from + attribute(e, "width")})
			case "text":
				texts = append(texts, span{from, from + attribute(e, "textLength")})
			}
		case xml.CharData:
			if line := strings.Trim(string(e), "\n"); strings.ContainsAny(line, "\n\r\t\x1b\u202e\u2028") {
				t.Errorf("%q is no line of text", line)
			}
		case xml.ProcInst, xml.Directive, xml.Comment:
			t.Errorf("%T in %s", e, text)
		}
	}
	if len(boxes) != 3 || len(texts) != 2 || boxes[1].from != 0 || boxes[1].to != boxes[2].from || boxes[2].to != width || boxes[0].to != width {
		t.Fatalf("boxes %v, texts %v, width %v", boxes, texts, width)
	}
	for i, s := range texts {
		if box := boxes[i+1]; s.from-box.from != badgeMargin || box.to-s.to != badgeMargin {
			t.Errorf("text %v is not in the middle of %v", s, box)
		}
	}
	if width > 600 {
		t.Errorf("%v pixels wide", width)
	}
}

// White text on each color can be read by people who see little contrast: WCAG 2.1, 1.4.3.
func TestColorsOfBadgesHaveContrast(t *testing.T) {
	for _, color := range []string{badgeAll, badgeMost, badgeMany, badgeFew, badgeUnasked, badgeLeft} {
		var r, g, b uint8
		if n, err := fmt.Sscanf(color, "#%02x%02x%02x", &r, &g, &b); n != 3 || err != nil {
			t.Fatalf("%s: %v", color, err)
		}
		linear := func(c uint8) float64 {
			s := float64(c) / 255
			if s <= 0.04045 {
				return s / 12.92
			}
			return math.Pow((s+0.055)/1.055, 2.4)
		}
		luminance := 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
		if contrast := 1.05 / (luminance + 0.05); contrast < 4.5 {
			t.Errorf("%s: contrast %.2f to 1", color, contrast)
		}
	}
}

// Text of a known width in Verdana at 11 pixels: 0.364+0.636 of the size for ".0", and so on.
func TestTextWidths(t *testing.T) {
	for text, want := range map[string]int{"": 0, ".0": 11, "loadstone": 54, "日": 11, "~": 9} {
		if got := textWidth(text); got != want {
			t.Errorf("%q: %d pixels, want %d", text, got, want)
		}
	}
}
