// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/verdict"
)

var largePage = flag.String("large-page", "", "write the page of 30,000 verdicts to this file")

// largeRun returns a run of 30,600 verdicts: 1700 specs, with nine loaders on two kernels. As in
// real runs, most pass, some loaders refuse whole suites, and failures come with what was said,
// with times and addresses that are never twice the same.
func largeRun() *verdict.File {
	rng := rand.New(rand.NewPCG(1, 2))
	f := &verdict.File{Run: verdict.Run{
		ID: "20261121-2200-7f3a", Started: time.Date(2026, 11, 21, 22, 0, 0, 0, time.UTC),
		Loadstone: verdict.Build{Version: "0.1.0"}, Host: verdict.Host{OS: "linux", Arch: "amd64", CPUs: 2},
		Kernels: []verdict.Kernel{fixtureKernels[2], fixtureKernels[4]}, Guest: "sha256:0123456789abcdef",
		Command: []string{"loadstone", "run"}, Specs: make(map[string][]string),
	}, End: &verdict.End{Complete: true, DurationMS: 3_600_000}}
	for _, l := range []string{"reference@0.1", "libbpf@1.1", "libbpf@1.5", "libbpf@1.7", "cilium@0.16", "cilium@0.22", "aya@0.13", "bpftool@7.6", "xdptools@1.6"} {
		f.Run.Loaders = append(f.Run.Loaders, verdict.Loader{Name: l})
	}
	const suites, perSuite = 20, 85
	for s := range suites {
		suite := fmt.Sprintf("suite%02d", s)
		f.Run.Suites = append(f.Run.Suites, suite)
		for i := range perSuite {
			f.Run.Specs[suite] = append(f.Run.Specs[suite], fmt.Sprintf("%s.group%d.case-%d-of-the-requirement/variant-%d", suite, i%7, i, i%3))
		}
	}
	for _, l := range f.Run.Loaders {
		for _, k := range f.Run.Kernels {
			for _, suite := range f.Run.Suites {
				f.Run.Plan = append(f.Run.Plan, verdict.Part{Loader: l.Name, Kernel: k.Name, Suite: suite, Specs: perSuite})
				f.Run.Planned += perSuite
				refuses := rng.IntN(4) == 0 && l.Name != "reference@0.1"
				for i, spec := range f.Run.Specs[suite] {
					f.Verdicts = append(f.Verdicts, largeVerdict(rng, l.Name, k, suite, spec, i, refuses))
				}
			}
		}
	}
	return f
}

// largeVerdict returns one verdict of a large run.
func largeVerdict(rng *rand.Rand, loader string, k verdict.Kernel, suite, spec string, i int, refuses bool) verdict.Verdict {
	v := verdict.Verdict{
		Spec: spec, Suite: suite, Kind: verdict.Pass, DurationMS: rng.Int64N(900), Level: verdict.Must,
		Requirement: []string{fmt.Sprintf("%s.group%d.case-%d", suite, i%7, i)},
		Sentence:    []string{fmt.Sprintf("A loader that is given object %d of %s ends with what its definition says, or refuses it and names the attribute.", i, suite)},
		Sources:     []verdict.Source{{Text: fmt.Sprintf("Linux v6.12: function_%d in kernel/bpf/%s.c (-EINVAL)", i, suite), URL: fmt.Sprintf("https://github.com/torvalds/linux/blob/v6.12/kernel/bpf/%s.c#L%d", suite, 100+i)}},
		Profiles:    []string{suite}, Cell: verdict.Cell{Kernel: k.Name, KernelRelease: k.Release, Arch: "amd64"},
	}
	v.Cell.Loader, v.LoaderVersion, _ = strings.Cut(loader, "@")
	logs := func(n int) []string {
		var lines []string
		for j := range n {
			lines = append(lines, fmt.Sprintf("[%5d.%06d] bpf_prog_%016x+0x%x/0x%x [module_%d]", rng.IntN(99), rng.IntN(999999), rng.Uint64(), rng.IntN(4096), rng.IntN(4096), j))
		}
		return lines
	}
	switch n := rng.IntN(1000); {
	case refuses:
		v.Kind, v.Reason = verdict.Refused, "the loader does not claim "+suite
	case n < 15:
		v.Kind, v.Reason = verdict.Skip, fmt.Sprintf("the kernel lacks %s: probed, -ENOENT", suite)
	case n < 75:
		v.Kind, v.Reason = verdict.Fail, fmt.Sprintf("ok; map %d on node 0 (bpf_map iterator)", rng.IntN(3000))
		v.Expected, v.Seen = "rejected at load, class invalid, naming attribute "+fmt.Sprint(i), v.Reason
		v.Detail = fmt.Sprintf("Expected\n    <*loader.OK | 0xc%09x>: {maps: [m]}\nto be rejected at load\nsuites/%s/spec.go:%d", rng.Uint32(), suite, i)
		for j := range 8 {
			v.Conversation = append(v.Conversation, fmt.Sprintf(`> {"v":1,"seq":%d,"op":"load","session":"s1","object":"/objects/%s/%d.o","options":{"names":["m","n"]}}`, j, suite, i),
				fmt.Sprintf(`< {"seq":%d,"ok":{"maps":[{"name":"m","id":%d}],"programs":[{"name":"p","id":%d,"tag":"%016x"}]}}  (%d.%dms)`, j, rng.IntN(9000), rng.IntN(9000), rng.Uint64(), rng.IntN(50), rng.IntN(9)))
		}
	case n < 77:
		v.Kind, v.Reason = verdict.Fail, "kernel splat: WARNING: at kernel/bpf/verifier.c:1234"
		v.Splats = []verdict.Splat{{ID: "warning", Means: verdict.SplatOnly, Text: "WARNING", Lines: logs(60)}}
	case n < 79:
		v.Kind, v.Reason, v.Console = verdict.Crash, "kernel panic: Fatal exception in interrupt", logs(40)
	case n < 80:
		v.Kind, v.Reason, v.Console = verdict.Missing, "the spec began, and there is no record of how it finished", logs(40)
	}
	if v.Kind != verdict.Pass && v.Kind != verdict.Skip {
		v.Again = verdict.Again(v.Cell, v.Spec)
	}
	return v
}

// An unpacked holds a block as the page's script sees it.
type unpacked struct {
	Texts, Kinds, Loaders, Kernels, Suites []string
	Profiles                               [][]string
	Specs                                  []specData
	Items                                  [][]any
	Rows                                   rowColumns
}

var blockElement = regexp.MustCompile(`<script type="application/octet-stream" id="block">([^<]*)</script>`)

// unpackPage returns the block of a page, and the page around it.
func unpackPage(t *testing.T, page []byte) (unpacked, string) {
	t.Helper()
	m := blockElement.FindAllSubmatchIndex(page, -1)
	if len(m) != 1 {
		t.Fatalf("%d blocks", len(m))
	}
	packed, err := base64.StdEncoding.DecodeString(string(page[m[0][2]:m[0][3]]))
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	var u unpacked
	if err := json.Unmarshal(text, &u); err != nil {
		t.Fatal(err)
	}
	return u, string(page[:m[0][2]]) + string(page[m[0][3]:])
}

func pageOf(t *testing.T, f *verdict.File) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := writePage(&b, f); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A told is a row of a block with its texts.
type told struct {
	Kind, Loader, Kernel, Suite, Spec, Reason string
	MS                                        int64
	Profiles                                  []string
	Items                                     [][]string // form, label, texts
}

// row returns a row with its texts in place of indices.
func (u unpacked) row(i int) told {
	r := u.Rows
	spec := u.Specs[r.Spec[i]]
	t := told{
		Kind: u.Kinds[r.Kind[i]], Loader: u.Loaders[r.Loader[i]], Kernel: u.Kernels[r.Kernel[i]], Suite: u.Suites[spec.Suite],
		Spec: u.Texts[spec.Name], Reason: u.Texts[r.Reason[i]], MS: r.MS[i], Profiles: u.Profiles[spec.Profiles],
	}
	for _, n := range r.Items[i] {
		item := []string{u.Items[n][0].(string), u.Items[n][1].(string)}
		for _, ref := range u.Items[n][2:] {
			item = append(item, u.Texts[int(ref.(float64))])
		}
		t.Items = append(t.Items, item)
	}
	return t
}

// TestPageOf30000Verdicts holds the page of a large run to what can be sent and opened.
func TestPageOf30000Verdicts(t *testing.T) {
	f := largeRun()
	page := pageOf(t, f)
	if *largePage != "" {
		if err := os.WriteFile(*largePage, page, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const most = 3_000_000
	u, around := unpackPage(t, page)
	t.Logf("%d verdicts, %d bytes, %d of them markup, %d elements", len(f.Verdicts), len(page), len(around), strings.Count(around, "<")/2)
	if len(page) > most {
		t.Errorf("%d bytes, at most %d", len(page), most)
	}
	if len(u.Rows.Kind) != len(f.Verdicts) || len(f.Verdicts) < 30_000 {
		t.Errorf("%d rows of %d verdicts", len(u.Rows.Kind), len(f.Verdicts))
	}
	if n := strings.Count(around, "<"); n > 20_000 {
		t.Errorf("%d tags: rows are not to be in the document", n)
	}
	for name, texts := range map[string][]string{"texts": u.Texts, "loaders": u.Loaders, "kernels": u.Kernels} {
		once := make(map[string]bool)
		for _, text := range texts {
			if once[text] {
				t.Fatalf("%s: %q is there twice", name, text)
			}
			once[text] = true
		}
	}
}

// TestBlockIsTheVerdicts compares each verdict with the row of it.
func TestBlockIsTheVerdicts(t *testing.T) {
	f := fixture(t, "full.jsonl")
	u, _ := unpackPage(t, pageOf(t, f))
	rows := make(map[[3]string]told)
	for i := range u.Rows.Kind {
		r := u.row(i)
		rows[[3]string{r.Loader, r.Kernel, r.Spec}] = r
	}
	if len(rows) != len(f.Verdicts) {
		t.Errorf("%d rows of %d verdicts", len(rows), len(f.Verdicts))
	}
	for _, v := range f.Verdicts {
		r := rows[[3]string{v.LoaderName(), v.Kernel, v.Spec}]
		kind := string(v.Kind)
		if v.Advisory() {
			kind = "should"
		}
		if r.Kind != kind || r.Suite != v.Suite || r.MS != v.DurationMS || !strings.HasPrefix(r.Reason, printable(v.Reason)) {
			t.Errorf("%s on %s: %+v", v.Spec, v.Cell, r)
		}
		said := make(map[string][]string) // by label
		for _, item := range r.Items {
			said[item[1]] = item[2:]
		}
		if v.Kind == verdict.Pass && len(r.Items) == 0 {
			continue
		}
		var talk []string
		for _, line := range v.Conversation {
			talk = append(talk, printable(line))
		}
		if diff := cmp.Diff(talk, said["conversation"]); diff != "" {
			t.Errorf("%s on %s: conversation: %s", v.Spec, v.Cell, diff)
		}
		if got := strings.Join(said["again"], ""); got != v.Again {
			t.Errorf("%s on %s: again %q, want %q", v.Spec, v.Cell, got, v.Again)
		}
		for label, want := range map[string]string{"expected": v.Expected, "seen": v.Seen, "detail": v.Detail, "kernel": v.KernelRelease, "backtrace": v.Backtrace} {
			if got := strings.Join(said[label], ""); got != printable(want) {
				t.Errorf("%s on %s: %s %q, want %q", v.Spec, v.Cell, label, got, want)
			}
		}
	}
}

// TestHostileTextsAreOnlyData gives each text of a verdict what acts somewhere.
func TestHostileTextsAreOnlyData(t *testing.T) {
	for _, bad := range []string{
		"</script><script>alert(1)</script>", "<!--<script>", "]]>", "\"'`><img src=x onerror=alert(1)>", "a\u2028b\u2029c",
		"line\nline\r\n", "\x00\x1b[2J", "not UTF-8: \xff\xfe", "${alert(1)}", "\\u003cscript>", "--spec --spec ", "\u202eright to left", "__proto__",
	} {
		f := &verdict.File{Run: verdict.Run{Planned: 1, Started: time.Unix(0, 0), Loaders: []verdict.Loader{{Name: bad}}, Kernels: []verdict.Kernel{{Name: bad, Release: bad}}}}
		v := verdict.Verdict{
			Spec: bad, Suite: bad, Kind: verdict.Fail, Reason: bad, Cell: verdict.Cell{Loader: bad, Kernel: bad, KernelRelease: bad},
			Requirement: []string{bad}, Sentence: []string{bad}, Sources: []verdict.Source{{Text: bad, URL: "javascript:" + bad}}, Commits: []string{bad},
			Profiles: []string{bad}, Expected: bad, Seen: "x" + bad, Detail: bad, Conversation: []string{bad, "> " + bad},
			Splats: []verdict.Splat{{ID: bad, Lines: []string{bad}}}, Console: []string{bad}, Backtrace: bad, Again: bad,
			Guest: &verdict.Guest{Left: []string{bad}}, Expectation: &verdict.Expectation{Expect: bad, Issue: bad, Owner: bad, Until: bad},
		}
		f.Run.Plan = []verdict.Part{{Loader: v.LoaderName(), Kernel: bad, Suite: bad, Specs: 1}}
		f.Verdicts = []verdict.Verdict{v}
		page := pageOf(t, f)
		u, around := unpackPage(t, page)
		text := printable(bad)
		if r := u.row(0); r.Spec != text || r.Reason != text || r.Loader != text || r.Kernel != printable(shortKernels([]string{bad}).of(bad)) || r.Suite != text || r.Profiles[0] != text {
			t.Errorf("%q: row %+v", bad, r)
		}
		items := make(map[string][]string)
		for _, item := range u.row(0).Items {
			items[item[0]+" "+item[1]] = item[2:]
		}
		want := map[string][]string{
			"requirement ": {text, text}, "expected expected": {text}, "seen seen": {"x" + text}, "field reason": {text},
			"field known as": {fmt.Sprintf("%s: %[1]s, owner %[1]s, until %[1]s", text)}, "field commits": {"the kernel may lack " + text},
			"sources source": {text, ""}, "field profiles": {text}, "field kernel": {text}, "field guest": {"number 0, place 0"},
			"paragraphs left in the guest": {text}, "lines detail": {text}, "conversation conversation": {text, "> " + text},
			"splat kernel log: " + text: {text}, "lines console": {text}, "lines backtrace": {text},
		}
		if got := strings.Join(items["again again"], ""); got != text {
			t.Errorf("%q: again %q", bad, got)
		}
		delete(items, "again again")
		if diff := cmp.Diff(want, items); diff != "" {
			t.Errorf("%q: %s", bad, diff)
		}
		if strings.Count(around, "<script") != 2 || strings.Contains(around, "<img") || strings.Contains(around, "<!--") {
			t.Errorf("%q: it is markup", bad)
		}
	}
}

// A verdict that never came has a row of its own, under its name where the file tells it.
func TestMissingVerdictsHaveRows(t *testing.T) {
	f := fixture(t, "torn.jsonl")
	u, _ := unpackPage(t, pageOf(t, f))
	missing := 0
	for i := range u.Rows.Kind {
		if r := u.row(i); r.Kind == "missing" {
			missing++
			if !strings.HasPrefix(r.Spec, r.Suite+".") {
				t.Errorf("a missing verdict without a spec: %+v", r)
			}
		}
	}
	if want := f.Count().Of(verdict.Missing); missing != want || missing < 50 {
		t.Errorf("%d rows are missing, want %d", missing, want)
	}
	run, vs := fixtureFile()
	u, _ = unpackPage(t, pageOf(t, &verdict.File{Run: run, Verdicts: vs[:1]}))
	if r := u.row(0); len(u.Rows.Kind) != 1+len(run.Plan) || r.Kind != "missing" || r.Spec != "mapdefs: 11 specs without a name" {
		t.Errorf("%d rows, the first %+v", len(u.Rows.Kind), r)
	}
}

// TestSmallPagesStaySmall compares with the page as it was when it held its rows as markup.
func TestSmallPagesStaySmall(t *testing.T) {
	for name, was := range map[string]int{"clean.jsonl": 46_933, "full.jsonl": 157_237} {
		if n := len(pageOf(t, fixture(t, name))); n > was {
			t.Errorf("%s: %d bytes, %d before", name, n, was)
		}
	}
}
