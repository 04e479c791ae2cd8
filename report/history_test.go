// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/verdict"
)

// A month describes one run of a history: its loaders, and how each spec ended, by kernel.
type month struct {
	id, day string
	loaders []string
	kernels []string
	ends    map[string]string // by spec: the first letters of kinds, one for each kernel
	profile map[string][]string
	cut     int // verdicts that are lost from the end
}

var kindOfLetter = map[rune]verdict.Kind{
	'p': verdict.Pass, 'f': verdict.Fail, 'r': verdict.Refused, 's': verdict.Skip, 'c': verdict.Crash,
}

// fileOf returns the run of a month.
func fileOf(t *testing.T, m month) *verdict.File {
	t.Helper()
	started, err := time.Parse(time.DateOnly, m.day)
	if err != nil {
		t.Fatal(err)
	}
	f := &verdict.File{Run: verdict.Run{
		Format: verdict.Format, ID: m.id, Started: started, Loadstone: verdict.Build{Version: "0.1.0"},
		Suites: []string{"mapdefs"}, Specs: make(map[string][]string),
	}, End: &verdict.End{Complete: m.cut == 0, Verdicts: make(map[verdict.Kind]int)}}
	for spec := range m.ends {
		f.Run.Specs["mapdefs"] = append(f.Run.Specs["mapdefs"], spec)
	}
	slices.Sort(f.Run.Specs["mapdefs"])
	for _, k := range m.kernels {
		f.Run.Kernels = append(f.Run.Kernels, verdict.Kernel{Name: k, Release: k + ".0"})
	}
	for _, l := range m.loaders {
		f.Run.Loaders = append(f.Run.Loaders, verdict.Loader{Name: l})
		for i, k := range m.kernels {
			f.Run.Plan = append(f.Run.Plan, verdict.Part{Loader: l, Kernel: k, Suite: "mapdefs", Specs: len(m.ends)})
			f.Run.Planned += len(m.ends)
			name, version, _ := strings.Cut(l, "@")
			for _, spec := range f.Run.Specs["mapdefs"] {
				v := verdict.Verdict{
					Spec: spec, Suite: "mapdefs", Requirement: []string{spec}, Level: verdict.Must,
					Cell:     verdict.Cell{Loader: name, LoaderVersion: version, Kernel: k, KernelRelease: k + ".0"},
					Kind:     kindOfLetter[rune(m.ends[spec][i])],
					Profiles: m.profile[spec],
				}
				if v.Kind != verdict.Pass {
					v.Reason = "map <b>41</b> \x1b[2J is on node 0"
				}
				f.Verdicts = append(f.Verdicts, v)
			}
		}
	}
	f.Verdicts = f.Verdicts[:len(f.Verdicts)-m.cut]
	for _, v := range f.Verdicts {
		f.End.Verdicts[v.Kind]++
	}
	return f
}

var historyProfiles = map[string][]string{
	"a.one": {"btf-maps", "numa"}, "a.two": {"btf-maps"}, "a.old": {"numa"}, "a.new": {"numa"}, "a.bare": nil,
}

// historyMonths are three runs: libbpf is upgraded, a spec is renamed, and a kernel is added;
// cilium is in the first and the last.
var historyMonths = []month{
	{id: "r1", day: "2026-09-01", loaders: []string{"libbpf@1.6", "cilium@0.22"}, kernels: []string{"5.10", "6.12"}, profile: historyProfiles,
		ends: map[string]string{"a.one": "pp", "a.two": "fp", "a.old": "pp", "a.bare": "pp"}},
	{id: "r2", day: "2026-10-01", loaders: []string{"libbpf@1.7"}, kernels: []string{"5.10", "6.12", "7.3"}, profile: historyProfiles,
		ends: map[string]string{"a.one": "ppr", "a.two": "ppf", "a.new": "pfp", "a.bare": "pcp"}},
	{id: "r3", day: "2026-11-01", loaders: []string{"libbpf@1.7", "cilium@0.22"}, kernels: []string{"5.10", "6.12"}, profile: historyProfiles,
		ends: map[string]string{"a.one": "ps", "a.two": "pp", "a.new": "pp", "a.bare": "pp"}},
}

func renamed(id string) (to, removed string) {
	if id == "a.old" {
		return "a.new", ""
	}
	return id, ""
}

// historyOf returns the history of the three runs, given in another order than that of time.
func historyOf(t *testing.T) *History {
	t.Helper()
	var runs []NamedRun
	for _, i := range []int{2, 0, 1} {
		runs = append(runs, NamedRun{"out/" + historyMonths[i].id, fileOf(t, historyMonths[i])})
	}
	h, err := NewHistory(runs, renamed)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// cellsIn returns the cells of a history as text, a line each.
func cellsIn(h *History) []string {
	var lines []string
	for _, l := range h.Loaders {
		for _, f := range l.Features {
			for i, c := range f.Cells {
				lines = append(lines, fmt.Sprintf("%s %s %s: %s", l.Loader, f.Feature, h.Runs[i].Label, c.text(nil)))
			}
		}
	}
	return lines
}

func TestHistoryFollowsLoadersFromRunToRun(t *testing.T) {
	h := historyOf(t)
	want := []string{
		"libbpf btf-maps 2026-09-01: partly 1 of 2 on 5.10",
		"libbpf btf-maps 2026-10-01: fails 0 of 1 on 7.3 !1 ▲1 ~1",
		"libbpf btf-maps 2026-11-01: works 2 of 2 on 5.10 ▽3",
		// a.old is a.new: it regressed, and is not another spec
		"libbpf mapdefs 2026-09-01: works 1 of 1",
		"libbpf mapdefs 2026-10-01: fails 0 of 1 on 6.12 ▼1 △1",
		"libbpf mapdefs 2026-11-01: works 1 of 1 ▽1 ▲1",
		"libbpf numa 2026-09-01: works 2 of 2",
		"libbpf numa 2026-10-01: partly 1 of 2 on 6.12 ▼1 △1 ~1",
		"libbpf numa 2026-11-01: works 2 of 2 on 5.10 ▽3 ▲1",
		"cilium btf-maps 2026-09-01: partly 1 of 2 on 5.10",
		"cilium btf-maps 2026-10-01: ·",
		"cilium btf-maps 2026-11-01: works 2 of 2 on 5.10 ▽1 ▲1",
		"cilium mapdefs 2026-09-01: works 1 of 1",
		"cilium mapdefs 2026-10-01: ·",
		"cilium mapdefs 2026-11-01: works 1 of 1",
		"cilium numa 2026-09-01: works 2 of 2",
		"cilium numa 2026-10-01: ·",
		"cilium numa 2026-11-01: works 2 of 2 on 5.10 ▽1",
	}
	if diff := cmp.Diff(want, cellsIn(h)); diff != "" {
		t.Error(diff)
	}
	since := func(loader int) (all []int) {
		for _, r := range h.Loaders[loader].Runs {
			all = append(all, r.Since)
		}
		return all
	}
	if diff := cmp.Diff([][]int{{-1, 0, 1}, {-1, -1, 0}}, [][]int{since(0), since(1)}); diff != "" {
		t.Errorf("compared with: %s", diff)
	}
}

// A rename that is not followed shows a loss and a gain where nothing changed.
func TestHistoryWithoutTheCatalogueLosesRenamedSpecs(t *testing.T) {
	runs := []NamedRun{{"r1", fileOf(t, historyMonths[0])}, {"r3", fileOf(t, historyMonths[2])}}
	for _, tt := range []struct {
		now  func(string) (string, string)
		want int
	}{{renamed, 0}, {nil, 2}} {
		h, err := NewHistory(runs, tt.now)
		if err != nil {
			t.Fatal(err)
		}
		gained := 0
		for _, c := range h.Loaders[0].Features[2].Cells[1].Changes {
			if c.Kind == verdict.Gained {
				gained++
			}
		}
		if gained != tt.want {
			t.Errorf("%d gained, want %d", gained, tt.want)
		}
	}
}

func TestRunsThatMakeNoHistory(t *testing.T) {
	r1, r2 := fileOf(t, historyMonths[0]), fileOf(t, historyMonths[1])
	on := func(f *verdict.File, kernel string) *verdict.File {
		return f.Select(func(c verdict.Cell) bool { return c.Kernel == kernel })
	}
	other := historyMonths[1]
	other.loaders, other.kernels, other.ends = []string{"aya@0.13"}, []string{"6.1"}, map[string]string{"a.one": "p"}
	for _, tt := range []struct {
		name string
		runs []NamedRun
		is   error
		says string
	}{
		{"the same file twice", []NamedRun{{"a", r1}, {"a", r1}}, ErrTwice, "name it once"},
		{"a copy", []NamedRun{{"a", r1}, {"b", r2}, {"c", r1}}, ErrTwice, "a and c both hold libbpf@1.6 on 5.10 of run r1"},
		{"a run and a part of it", []NamedRun{{"a", r1}, {"a,kernel=5.10", on(r1, "5.10")}}, ErrTwice, "both hold"},
		{"nothing in common", []NamedRun{{"a", r1}, {"b", fileOf(t, other)}}, verdict.ErrNothingToCompare, "no two of these runs"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h, err := NewHistory(tt.runs, nil)
			if h != nil || !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%v, want %v with %q", err, tt.is, tt.says)
			}
		})
	}
	// Two kernels of one run are two columns.
	h, err := NewHistory([]NamedRun{{"a,kernel=5.10", on(r1, "5.10")}, {"a,kernel=6.12", on(r1, "6.12")}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"a,kernel=5.10", "a,kernel=6.12"}
	if diff := cmp.Diff(want, []string{h.Runs[0].Label, h.Runs[1].Label}); diff != "" {
		t.Error(diff)
	}
	if got := cellsIn(h)[1]; got != "libbpf btf-maps a,kernel=6.12: works 2 of 2 ▲1" {
		t.Error(got)
	}
}

// A loader without a counterpart is said to have none, where others have one.
func TestHistoryOfALoaderWithoutACounterpart(t *testing.T) {
	first, last := historyMonths[0], historyMonths[2]
	last.loaders = []string{"libbpf@1.7", "aya@0.13"}
	elsewhere := first
	elsewhere.id, elsewhere.day, elsewhere.kernels = "r4", "2026-12-01", []string{"6.1", "6.18"}
	h, err := NewHistory([]NamedRun{{"a", fileOf(t, first)}, {"b", fileOf(t, last)}, {"c", fileOf(t, elsewhere)}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r := h.Loaders[0].Runs[2]; r.Since != -1 || r.Why == "" || !r.Asked {
		t.Errorf("%+v", r)
	}
}

func TestHistorySaysWhatARunThatWasCutLacks(t *testing.T) {
	cut := historyMonths[1]
	cut.cut = 2
	h, err := NewHistory([]NamedRun{{"a", fileOf(t, historyMonths[0])}, {"b", fileOf(t, cut)}}, renamed)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"2026-10-01: 2 of 12 planned verdicts are not in the run file"}, h.Notes); diff != "" {
		t.Error(diff)
	}
	if got := h.Runs[1]; got.Owed != 2 || got.Outcome != "incomplete" {
		t.Errorf("%+v", got)
	}
	if got := cellsIn(h)[1]; !strings.Contains(got, "unknown 0 of 2 on 7.3") {
		t.Errorf("what was not asked looks like something else: %s", got)
	}
	for name, text := range historyTexts(t, h) {
		if !strings.Contains(text, "2 of 12 planned verdicts are not in the run file") || !strings.Contains(text, "incomplete") {
			t.Errorf("%s does not say that a run was cut", name)
		}
	}
}

// historyTexts returns a history in each form.
func historyTexts(t *testing.T, h *History) map[string]string {
	t.Helper()
	var screen, page, document bytes.Buffer
	if err := HistoryOnScreen(&screen, h, Screen{}); err != nil {
		t.Fatal(err)
	}
	if err := writeHistoryPage(&page, h); err != nil {
		t.Fatal(err)
	}
	if err := json.NewEncoder(&document).Encode(h); err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"screen": screen.String(), "page": page.String(), "markdown": string(HistoryMarkdown(h)),
		"json": document.String(),
	}
}

func TestHistoryOnEachMedium(t *testing.T) {
	texts := historyTexts(t, historyOf(t))
	golden(t, "history.txt", []byte(texts["screen"]))
	golden(t, "history.md", []byte(texts["markdown"]))
	for name, text := range texts {
		for _, bad := range []string{"\x1b", "<b>41"} {
			if name != "json" && name != "screen" && strings.Contains(text, bad) || strings.Contains(text, "\x1b") {
				t.Errorf("%s: a guest's %q gets through", name, bad)
			}
		}
		if strings.Contains(text, "null") {
			t.Errorf("%s: null", name)
		}
	}
	var again History
	if err := json.Unmarshal([]byte(texts["json"]), &again); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(cellsIn(historyOf(t)), cellsIn(&again)); diff != "" {
		t.Errorf("the document does not say what the table does: %s", diff)
	}
}

func TestHistoryIsWrittenWhole(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deep", "er")
	paths, err := WriteHistory(dir, historyOf(t), HistoryFormats...)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{filepath.Join(dir, "history.html"), filepath.Join(dir, "history.md")}, paths); diff != "" {
		t.Error(diff)
	}
	if _, err := WriteHistory(dir, historyOf(t), JUnit); err == nil || !strings.Contains(err.Error(), "there are html, markdown") {
		t.Errorf("%v", err)
	}
	if err := writeHistoryPage(fullDisk{}, historyOf(t)); err == nil {
		t.Error("no error from a disk that is full")
	}
}

// Thirty thousand verdicts, twice, make a page that a browser opens.
func TestHistoryOfThousands(t *testing.T) {
	first, second := largeRun(), largeRun()
	second.Run.ID, second.Run.Started = "another", first.Run.Started.AddDate(0, 1, 0)
	for i := range second.Verdicts {
		if v := &second.Verdicts[i]; i%50 == 0 && v.Kind == verdict.Pass {
			v.Kind, v.Reason, v.Level = verdict.Fail, "it did not", verdict.Must
		}
	}
	h, err := NewHistory([]NamedRun{{"a", first}, {"b", second}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	texts := historyTexts(t, h)
	for _, name := range []string{"screen", "markdown"} {
		if n := strings.Count(texts[name], "\n"); n > 500 || !strings.Contains(texts[name], "more like these, which loadstone compare shows") {
			t.Errorf("%s: %d lines", name, n)
		}
	}
	page := texts["page"]
	t.Logf("%d bytes, %d tags", len(page), strings.Count(page, "<"))
	if len(page) > 4_000_000 {
		t.Errorf("%d bytes", len(page))
	}
}

// pageOfAHistory looks at a history: on a desk, on a phone, on paper, and without a script, as it
// has none.
func pageOfAHistory(t *testing.T, b *browser) {
	paths, err := WriteHistory(t.TempDir(), historyOf(t), HTML)
	if err != nil {
		t.Fatal(err)
	}
	b.run(t, chromedp.EmulateViewport(1280, 1400))
	b.run(t, chromedp.Navigate("file://"+paths[0]), visible(".answers"), visible("#loaders table"))
	b.shoot(t, "history")
	if got := eval[int](t, b, `document.querySelectorAll("#loaders table:has(caption) thead th[scope=col]").length`); got != 2*4 {
		t.Errorf("%d column headers", got)
	}
	if got := eval[int](t, b, `document.querySelectorAll("#loaders tbody th[scope=row]").length`); got != 2*3 {
		t.Errorf("%d row headers", got)
	}
	if got := eval[int](t, b, `document.querySelectorAll("script, img, iframe, [style], link:not([rel=icon])").length`); got != 0 {
		t.Errorf("%d elements that act, or are fetched", got)
	}
	// A cell leads to its specs, which open.
	const cell = `#loaders tbody tr:nth-child(3) td:nth-child(3) a`
	shown := func(id string) bool {
		return eval[bool](t, b, fmt.Sprintf(`document.querySelector(%q).checkVisibility()`, id))
	}
	if shown("#c1-3-2") {
		t.Error("specs are shown before they are asked for")
	}
	b.run(t, click(cell), chromedp.Poll[chromedp.Void](`document.querySelector("#c1-3-2").checkVisibility()`, soon))
	text := eval[string](t, b, `document.querySelector("#c1-3-2").innerText`)
	for _, want := range []string{"regression", "a.new", "on 6.12", "pass → fail: map <b>41</b> \\x1b[2J is on node 0", "Not met, or not known"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not shown in %q", want, text)
		}
	}
	broken := `Array.from(document.querySelectorAll("#loaders a"), (a) => a.hash).filter((id) => !document.querySelector(id)).length`
	if got := eval[int](t, b, broken); got != 0 {
		t.Errorf("%d cells lead nowhere", got)
	}
	b.shoot(t, "history-open")
	b.run(t, chromedp.Evaluate[chromedp.Void](`for (const d of document.querySelectorAll("details")) d.open = false`),
		focus(chromedp.CSS(cell)), chromedp.KeyEvent("\r"),
		chromedp.Poll[chromedp.Void](`document.querySelector("#c1-3-2").checkVisibility()`, soon))
	call(t, b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
	b.run(t, visible(".answers"), visible("#loaders table"))
	if !shown("#c1-3-2") || shown("#c1-1-2") {
		t.Error("paper does not get what was opened, and that alone")
	}
	for _, scheme := range []string{"light", "dark"} {
		call(t, b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		for _, width := range []int{360, 390} {
			b.run(t, chromedp.EmulateViewport(int64(width), 844, chromedp.EmulateMobile, chromedp.EmulateScale(2)))
			b.run(t, chromedp.Evaluate[chromedp.Void](`window.scrollTo(0, 0)`))
			if got := eval[int](t, b, "document.documentElement.scrollWidth"); got > width {
				t.Errorf("%s: the page is %d pixels wide, the screen %d", scheme, got, width)
			}
		}
		b.shoot(t, "history-390-"+scheme)
	}
}

// The golden files of a history are of what the months say, and not of a machine.
func TestHistoryIsTheSameEachTime(t *testing.T) {
	a, b := historyTexts(t, historyOf(t)), historyTexts(t, historyOf(t))
	if diff := cmp.Diff(a, b); diff != "" {
		t.Error(diff)
	}
	if dir, err := os.Getwd(); err == nil && strings.Contains(a["page"], dir) {
		t.Error("a path of this machine is in it")
	}
}
