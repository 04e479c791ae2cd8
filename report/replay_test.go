// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bufio"
	"compress/gzip"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/loadstone-bpf/loadstone/verdict"
)

// A moment is one line of a recorded run: its second, what happened, and to what.
type moment struct {
	at   float64
	what string
	of   []string
}

// recorded returns what happened in a real run, from testdata/timelines. Specs are called by suite
// and number. The runs were of two guests at once on a host with two cores, which others used too.
func recorded(t *testing.T, name string) []moment {
	t.Helper()
	file, err := os.Open("testdata/timelines/" + name + ".txt.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	text, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []moment
	lines := bufio.NewScanner(text)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		at, err := strconv.ParseFloat(words[0], 64)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, moment{at, words[1], words[2:]})
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// suiteOf returns the suite of a spec in a recorded run.
func suiteOf(spec string) string {
	suite, _, _ := strings.Cut(spec, ".")
	return suite
}

// planOf returns the work of a recorded run.
func planOf(run []moment) Work {
	w := Work{Jobs: 2, CPUs: 2, Share: 48, Again: true, Linked: []string{"reference@0.1"}}
	at := make(map[verdict.Part]int)
	for _, m := range run {
		if m.what != "verdict" {
			continue
		}
		p := verdict.Part{Loader: m.of[0], Kernel: m.of[1], Suite: suiteOf(m.of[2])}
		if _, ok := at[p]; !ok {
			at[p] = len(w.Parts)
			w.Parts = append(w.Parts, p)
		}
		w.Parts[at[p]].Specs++
	}
	return w
}

// tell tells an estimate of a moment.
func (m moment) tell(t *testing.T, e *estimate) {
	t.Helper()
	switch m.what {
	case "preparing":
		e.preparing(m.of[0], m.at)
	case "prepared":
		e.prepared(m.of[0], m.at)
	case "began":
		worker, err := strconv.Atoi(m.of[0])
		if err != nil {
			t.Fatal(err)
		}
		turn := Turn{Worker: worker, Loader: m.of[1], Kernel: m.of[2], Specs: m.of[3:]}
		for _, spec := range turn.Specs {
			turn.Suites = append(turn.Suites, suiteOf(spec))
		}
		e.begin(turn, m.at)
	case "again":
		e.repeat(m.of[0], m.of[1], m.of[2], m.at)
	case "verdict":
		e.verdict(verdict.Verdict{
			Spec: m.of[2], Suite: suiteOf(m.of[2]),
			Cell: verdict.Cell{Loader: m.of[0], Kernel: m.of[1]},
		}, m.at)
	default:
		t.Fatalf("a recorded run says %q", m.what)
	}
}

// Of real runs, from a tenth on, what an estimate says holds within a quarter of what is left, or
// within a twenty-fifth of the run where that is more: "busy" is the same cell as "libbpf" when
// others took more of the host, and more at its beginning than later. To trust what specs took last
// more than what they took before was tried, and made all three worse.
func TestForecastsOfRecordedRuns(t *testing.T) {
	for name, most := range map[string]float64{"libbpf": .03, "matrix": .03, "libbpf-busy": .15} {
		t.Run(name, func(t *testing.T) {
			run := recorded(t, name)
			over := run[len(run)-1].at
			e := newEstimate(planOf(run))
			said, wrong, worst := 0, 0, 0.0
			for _, m := range run {
				m.tell(t, e)
				left, known := e.remaining(m.at)
				if !known || m.at < over/10 {
					continue
				}
				said++
				allowed := max((over-m.at)/4, over/25)
				off := math.Abs(left-(over-m.at)) / allowed
				worst = max(worst, off)
				if off > 1 {
					wrong++
				}
			}
			t.Logf("%d of %d forecasts are off by more than is allowed, the worst by %.1f times that",
				wrong, said, worst)
			if said == 0 || float64(wrong) > most*float64(said) || worst > 2 {
				t.Errorf("%d of %d forecasts are off by more than is allowed, the worst by %.1f times "+
					"that; want at most %.0f in a hundred, and 2 times", wrong, said, worst, 100*most)
			}
		})
	}
}
