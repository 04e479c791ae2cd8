// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/loadstone-bpf/loadstone/verdict"
)

const (
	paintEvery  = 100 * time.Millisecond // a live line is painted over at most this often
	tickEvery   = time.Second            // and at least this often, because the clock in it goes on
	lineEvery   = 10 * time.Second       // elsewhere a line is written this often, if it has news
	barWidth    = 20                     // columns
	calledOut   = 20                     // findings printed as they come; the rest is in the report
	guessEvery  = time.Second            // an estimate is made anew this often
	enoughToSay = 2                      // verdicts that an estimate needs
)

// Progress shows how far a run is: verdicts by kind, the elapsed time, and an estimate of the rest.
// On a terminal that is one line, painted over; elsewhere a line for the first verdict and then one
// every ten seconds. It prints the first twenty findings as they come. It is safe for concurrent
// use.
type Progress struct {
	w      io.Writer
	screen Screen
	now    func() time.Time
	stop   chan struct{}
	ticker sync.WaitGroup

	mu       sync.Mutex
	planned  int
	count    verdict.Count
	done     int
	failed   int // of done: they end the run with an error, or say nothing about the loader
	phase    string
	started  time.Time
	estimate *estimate
	names    kernelNames
	guess    time.Time // when the run will be over; zero if that is not known
	guessed  time.Time // when that was estimated
	painted  time.Time
	live     bool // a live line is on the screen
	begun    bool // a line with a verdict was written
	news     bool // something happened since the last line
	stopped  bool
}

// NewProgress begins to show a run on w. Stop ends it.
func NewProgress(w io.Writer, s Screen, work Work) *Progress {
	p := newProgress(w, s, work, time.Now)
	p.ticker.Go(p.tick)
	return p
}

// newProgress returns a Progress whose clock does not tick by itself.
func newProgress(w io.Writer, s Screen, work Work, now func() time.Time) *Progress {
	var kernels []string
	for _, part := range work.Parts {
		kernels = appendNew(kernels, part.Kernel)
	}
	return &Progress{
		names: shortKernels(kernels), w: w, screen: s, planned: work.Planned(), estimate: newEstimate(work), now: now,
		started: now(), stop: make(chan struct{}),
	}
}

// Preparing notes that a kernel is being made ready, and shows it. One kernel at a time is.
func (p *Progress) Preparing(kernel string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.estimate.preparing(kernel, p.elapsed())
	p.enter("making " + p.names.of(kernel) + " ready")
}

// Prepared notes that it is, or never will be.
func (p *Progress) Prepared(kernel string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.estimate.prepared(kernel, p.elapsed())
	p.enter("")
}

// Began notes that a guest is started.
func (p *Progress) Began(t Turn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.estimate.begin(t, p.elapsed())
}

// Again notes that a spec, which a shared guest is done with, will be run again in one of its own.
// Its verdict is to come.
func (p *Progress) Again(loader, kernel, spec string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.estimate.repeat(loader, kernel, spec, p.elapsed())
}

// elapsed returns how many seconds the run has taken.
func (p *Progress) elapsed() float64 { return p.now().Sub(p.started).Seconds() }

// enter shows what the run is doing until the next call; an empty text ends it.
func (p *Progress) enter(phase string) {
	p.phase, p.news = printable(phase), true
	p.show()
}

// Add counts a verdict.
func (p *Progress) Add(v verdict.Verdict) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count.Kinds = counted(p.count.Kinds, v.Kind)
	p.done++
	p.news = true
	p.estimate.verdict(v, p.elapsed())
	if v.Fails() || v.Unknown() {
		p.failed++
		p.callOut(v)
	}
	p.show()
}

func counted(kinds map[verdict.Kind]int, k verdict.Kind) map[verdict.Kind]int {
	if kinds == nil {
		kinds = make(map[verdict.Kind]int)
	}
	kinds[k]++
	return kinds
}

// Say writes a line that stays.
func (p *Progress) Say(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.say(printable(line))
	p.show()
}

// Stop removes the live line. Nothing is shown after it.
func (p *Progress) Stop() {
	p.mu.Lock()
	if p.stopped {
		p.mu.Unlock()
		return
	}
	if p.screen.Live {
		p.clear()
	} else if p.news {
		fmt.Fprintln(p.w, p.line())
	}
	p.stopped = true
	close(p.stop)
	p.mu.Unlock()
	p.ticker.Wait()
}

// tick shows the line again as time goes on.
func (p *Progress) tick() {
	t := time.NewTicker(tickEvery)
	defer t.Stop()
	for {
		select {
		case <-p.stop:
			return
		case <-t.C:
			p.mu.Lock()
			p.show()
			p.mu.Unlock()
		}
	}
}

// callOut prints a finding as it comes.
func (p *Progress) callOut(v verdict.Verdict) {
	switch {
	case p.failed <= calledOut:
		name, c := label(v)
		p.say(fmt.Sprintf("%s  %s on %s  %s", p.screen.paint(c, name),
			printable(v.LoaderName()), printable(p.names.of(v.Cell.Kernel)),
			printable(v.Spec)))
	case p.failed == calledOut+1:
		p.say(p.screen.paint(dim, "… more is in the report"))
	}
}

func (p *Progress) say(line string) {
	if p.stopped {
		return
	}
	p.clear()
	fmt.Fprintln(p.w, line)
}

// clear removes the live line from the screen.
func (p *Progress) clear() {
	if p.live {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.live, p.painted = false, time.Time{}
	}
}

// show paints the live line, or, where that is not possible, writes a line if one is due.
func (p *Progress) show() {
	if p.stopped {
		return
	}
	now := p.now()
	switch {
	case p.screen.Live && now.Sub(p.painted) >= paintEvery:
		fmt.Fprint(p.w, "\r\x1b[K"+p.line())
		p.live, p.painted, p.news = true, now, false
	case !p.screen.Live && p.news && (p.lineDue() || now.Sub(p.painted) >= lineEvery):
		fmt.Fprintln(p.w, p.line())
		p.painted, p.news, p.begun = now, false, p.done > 0
	}
}

// lineDue reports whether a line is written whenever the last one was: the first, and the first
// with a verdict, which shows that the run works.
func (p *Progress) lineDue() bool { return p.painted.IsZero() || p.done > 0 && !p.begun }

// line returns the state of the run: "[#####...] 128/690  126 pass, 2 fail  0:42, about 3:05 left
// making the template of 6.12".
func (p *Progress) line() string {
	full := 0
	if p.planned > 0 {
		full = min(barWidth, barWidth*p.done/p.planned)
	}
	parts := []piece{
		{"[" + strings.Repeat("#", full) + strings.Repeat(".", barWidth-full) + "]", p.shade()},
		{fmt.Sprintf("%d/%d", p.done, p.planned), bold},
	}
	var kinds []string
	for _, k := range verdict.Kinds {
		if n := p.count.Of(k); n > 0 {
			kinds = append(kinds, fmt.Sprintf("%d %s", n, k))
		}
	}
	if len(kinds) > 0 {
		parts = append(parts, piece{strings.Join(kinds, ", "), ""})
	}
	parts = append(parts, piece{p.clock(), dim})
	if p.phase != "" {
		parts = append(parts, piece{p.phase, dim})
	}
	return p.screen.fit(parts)
}

func (p *Progress) shade() color {
	if p.failed > 0 {
		return red
	}
	return green
}

// clock returns the elapsed time, and an estimate of the rest.
func (p *Progress) clock() string {
	now := p.now()
	text := clock(now.Sub(p.started))
	if p.done < enoughToSay || p.planned <= p.done {
		return text
	}
	if now.Sub(p.guessed) >= guessEvery {
		p.guess, p.guessed = time.Time{}, now
		if left, known := p.estimate.remaining(p.elapsed()); known {
			p.guess = now.Add(time.Duration(left * float64(time.Second)))
		}
	}
	if p.guess.IsZero() {
		return text
	}
	if rest := p.guess.Sub(now); rest >= time.Second {
		return fmt.Sprintf("%s, about %s left", text, clock(rest))
	}
	return text + ", almost done"
}

// A piece holds a part of a line in one colour.
type piece struct {
	text  string
	color color
}

// fit joins parts, with two blanks between them, and cuts them to the width of the screen: a line
// that wraps cannot be painted over.
func (s Screen) fit(parts []piece) string {
	var b strings.Builder
	room := s.Width - 1
	for i, p := range parts {
		text := p.text
		if i > 0 {
			text = "  " + text
		}
		if s.Width > 0 {
			text = cut(text, room)
			room -= utf8.RuneCountInString(text)
		}
		b.WriteString(s.paint(p.color, text))
	}
	return b.String()
}

// cut returns the first width columns of text.
func cut(text string, width int) string {
	if utf8.RuneCountInString(text) <= width {
		return text
	}
	return string([]rune(text)[:max(0, width)])
}
