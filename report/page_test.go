// SPDX-License-Identifier: Apache-2.0

package report

import (
	"context"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/verdict"
)

var shots = flag.String("shots", "", "folder for screenshots of the page")

// A browser drives a headless Chromium, and collects every error and network request in it.
type browser struct {
	ctx context.Context

	mu     sync.Mutex
	faults []string
}

// newBrowser starts Chromium. It fails the test on a machine without it, so that no page passes
// unseen.
func newBrowser(t *testing.T) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatalf("chromium is not installed; run `make setup`: %v", err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-component-update", true),
		chromedp.Env("TMPDIR="+t.TempDir()), // it leaves a socket behind when it is ended
	)
	allocator, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	b := &browser{}
	b.ctx, cancel = chromedp.NewContext(allocator, chromedp.WithListener(b.listen))
	t.Cleanup(cancel)
	// The first call starts it, so it must not have a deadline of its own.
	if err := chromedp.Do(b.ctx); err != nil {
		t.Fatalf("start chromium: %v", err)
	}
	return b
}

// tab opens another page of the browser.
func (b *browser) tab(t *testing.T) *browser {
	t.Helper()
	tab := &browser{}
	var cancel context.CancelFunc
	tab.ctx, cancel = chromedp.NewContext(b.ctx, chromedp.WithListener(tab.listen))
	t.Cleanup(cancel)
	if err := chromedp.Do(tab.ctx); err != nil {
		t.Fatalf("open a page: %v", err)
	}
	call(t, tab, network.Enable, network.EnableParams{})
	call(t, tab, log.Enable, cdp.Empty{})
	return tab
}

// call sends a command of the browser's protocol.
func call[P, R any](t *testing.T, b *browser, command cdp.Command[P, R], params P) {
	t.Helper()
	if _, err := chromedp.Call(b.ctx, command, params); err != nil {
		t.Fatal(err)
	}
}

var soon = chromedp.WithPollingTimeout(20 * time.Second)

func click(css chromedp.CSS) chromedp.Action[chromedp.Void]   { return chromedp.Click(css) }
func focus(css chromedp.CSS) chromedp.Action[chromedp.Void]   { return chromedp.Focus(css) }
func ready(css chromedp.CSS) chromedp.Action[chromedp.Void]   { return chromedp.WaitReady(css) }
func visible(css chromedp.CSS) chromedp.Action[chromedp.Void] { return chromedp.WaitVisible(css) }
func gone(css chromedp.CSS) chromedp.Action[chromedp.Void]    { return chromedp.WaitNotVisible(css) }

func (b *browser) listen(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		b.faults = append(b.faults, fmt.Sprintf("script error: %+v", e.ExceptionDetails))
	case *log.EventEntryAdded:
		b.faults = append(b.faults, fmt.Sprintf("%s: %s", e.Entry.Source, e.Entry.Text))
	case *runtime.EventConsoleAPICalled:
		b.faults = append(b.faults, "console: "+string(e.Type))
	case *network.EventRequestWillBeSent:
		if !strings.HasPrefix(e.Request.URL, "file:") && !strings.HasPrefix(e.Request.URL, "data:") {
			b.faults = append(b.faults, "fetches "+e.Request.URL)
		}
	}
}

// within returns the context of one action.
func (b *browser) within() (context.Context, context.CancelFunc) {
	return context.WithTimeout(b.ctx, time.Minute)
}

// run runs actions, and fails the test for whatever went wrong in the page meanwhile.
func (b *browser) run(t *testing.T, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	ctx, cancel := b.within()
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		t.Fatal(err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range b.faults {
		t.Error(f)
	}
	b.faults = nil
}

// eval returns the value of a JavaScript expression.
func eval[T any](t *testing.T, b *browser, expression string) T {
	t.Helper()
	ctx, cancel := b.within()
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// shoot keeps a screenshot where -shots asks for it.
func (b *browser) shoot(t *testing.T, name string) {
	t.Helper()
	if *shots == "" {
		return
	}
	ctx, cancel := b.within()
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*shots, name+".png"), png, 0o644); err != nil {
		t.Fatal(err)
	}
}

// open writes the page of a run and goes there.
func (b *browser) open(t *testing.T, f *verdict.File) {
	t.Helper()
	paths, err := Write(t.TempDir(), f, HTML)
	if err != nil {
		t.Fatal(err)
	}
	b.run(t, chromedp.Navigate((&url.URL{Scheme: "file", Path: paths[0]}).String()), ready(`html[data-ready=yes]`))
}

// visible counts the shown verdicts that match a selector, once all of them are drawn.
func (b *browser) visible(t *testing.T, selector string) int {
	t.Helper()
	return eval[int](t, b, fmt.Sprintf(`{const more = document.querySelector("#more"); while (!more.hidden) more.click();} document.querySelectorAll(%q).length`, "#list > .verdict"+selector))
}

// nodes counts the elements of the document.
func (b *browser) nodes(t *testing.T) int {
	t.Helper()
	return eval[int](t, b, `document.querySelectorAll("*").length`)
}

// choose sets a field of the filter as a user's choice does.
func choose(field, value string) chromedp.Action[chromedp.Void] {
	return chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`{const e = document.querySelector("#filter [name=%s]"); e.value = %q; e.dispatchEvent(new Event("input", {bubbles: true}));}`, field, value))
}

// TestPage looks at the page with a browser, which it starts once.
func TestPage(t *testing.T) {
	b := newBrowser(t)
	for name, look := range map[string]func(*testing.T, *browser){
		"on a desk": pageOnADesk, "on a phone": pageOnAPhone, "without script": pageWithoutScript,
		"of a run that stopped": pageOfARunThatStopped, "of thousands": pageOfThousands, "of a history": pageOfAHistory,
	} {
		t.Run(name, func(t *testing.T) { look(t, b.tab(t)) })
	}
}

func pageOnADesk(t *testing.T, b *browser) {
	f := fixture(t, "full.jsonl")
	b.run(t, chromedp.EmulateViewport(1280, 1400))
	b.open(t, f)
	b.shoot(t, "desktop")

	count := func(match func(verdict.Verdict) bool) int {
		n := 0
		for _, v := range f.Verdicts {
			if match(v) {
				n++
			}
		}
		return n
	}
	clear := chromedp.Steps(click(`#filter [type=reset]`), chromedp.Poll[chromedp.Void](`document.querySelector("#shown").textContent.startsWith("210 of")`, soon))

	t.Run("shows every verdict", func(t *testing.T) {
		if got := b.visible(t, ""); got != len(f.Verdicts) {
			t.Errorf("%d verdicts, want %d", got, len(f.Verdicts))
		}
		if got := eval[string](t, b, `document.querySelector("#list > .verdict").dataset.kind`); got != "fail" {
			t.Errorf("the first is a %s: findings come first", got)
		}
	})
	t.Run("filters by loader", func(t *testing.T) {
		b.run(t, clear)
		b.run(t, choose("loader", "cilium@0.22"))
		want := count(func(v verdict.Verdict) bool { return v.Loader == "cilium" })
		if got := b.visible(t, ""); got != want || b.visible(t, `[data-loader="cilium@0.22"]`) != want {
			t.Errorf("%d verdicts, want %d", got, want)
		}
	})
	t.Run("filters by kernel", func(t *testing.T) {
		b.run(t, clear)
		b.run(t, choose("kernel", "6.12"))
		want := count(func(v verdict.Verdict) bool { return v.Cell.Kernel == "6.12" })
		if got := b.visible(t, ""); got != want || b.visible(t, `[data-kernel="6.12"]`) != want {
			t.Errorf("%d verdicts, want %d", got, want)
		}
	})
	t.Run("filters by verdict", func(t *testing.T) {
		b.run(t, clear)
		b.run(t, click(`#filter .kind.crash`), click(`#filter .kind.broken`))
		want := count(func(v verdict.Verdict) bool { return v.Kind == verdict.Crash || v.Kind == verdict.Broken })
		if got := b.visible(t, ""); got != want {
			t.Errorf("%d verdicts, want %d", got, want)
		}
		b.run(t, chromedp.ScrollIntoView(chromedp.CSS("#verdicts")))
		b.shoot(t, "filtered")
	})
	t.Run("filters by text, of logs too", func(t *testing.T) {
		b.run(t, clear)
		b.run(t, chromedp.SendKeys(chromedp.CSS(`#filter [name=text]`), "HTAB_map_alloc wArNiNg"))
		if got := b.visible(t, ""); got != 1 || b.visible(t, `[data-kernel="6.18"]`) != 1 {
			t.Errorf("%d verdicts, want 1", got)
		}
		b.run(t, chromedp.SendKeys(chromedp.CSS(`#filter [name=text]`), " nowhere"), visible("#none"))
	})
	t.Run("keeps the filter in the address", func(t *testing.T) {
		b.run(t, clear)
		b.run(t, choose("kernel", "7.3"), choose("loader", "libbpf@1.1"))
		if got := eval[string](t, b, "location.hash"); got != "#loader=libbpf%401.1&kernel=7.3" {
			t.Errorf("address %q", got)
		}
		before := b.visible(t, "")
		b.run(t, chromedp.Reload(), ready(`html[data-ready=yes]`))
		if got := b.visible(t, ""); got != before {
			t.Errorf("after a reload %d verdicts, before %d", got, before)
		}
	})
	t.Run("goes from the matrix to its verdicts", func(t *testing.T) {
		b.run(t, clear)
		b.run(t, click(`#matrix button[data-loader="libbpf@1.1"][data-kernel="6.1"][data-suite="pinning"]`))
		if got := b.visible(t, ""); got != 2 {
			t.Errorf("%d verdicts, want 2", got)
		}
	})
	t.Run("opens a failure", func(t *testing.T) {
		b.run(t, clear)
		const failure = `#list > details[data-kernel="6.12"][data-loader="libbpf@1.1"][data-suite="pinning"][data-kind=fail]`
		b.run(t, click(failure+" summary"), visible(failure+"[open] .again code"))
		text := eval[string](t, b, fmt.Sprintf(`document.querySelector(%q).innerText`, failure))
		for _, want := range []string{
			"A loader that reuses a pinned map names every attribute", "naming numa_node (pinned 0, defined 1)", "map 41 on node 0",
			`"op":"load"`, "96eabe7a40aa", "suites/pinning/reuse.go:41", "ours: A refusal names what differs.", `<b>click \x1b[2J here`, "loadstone run --kernel 6.12 --loader libbpf@1.1 --spec pinning.reuse.numa-node-named",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("%q is not shown", want)
			}
		}
		links := eval[[]string](t, b, fmt.Sprintf(`Array.from(document.querySelectorAll(%q), (a) => a.href)`, failure+" .sources a"))
		if diff := cmp.Diff([]string{fixtureSources[0].URL}, links); diff != "" {
			t.Errorf("links: %s", diff)
		}
		b.run(t, chromedp.ScrollIntoView(chromedp.CSS(failure+" .again")))
		b.shoot(t, "opened")
		b.run(t, click(failure+" .copy"), chromedp.Poll[chromedp.Void](fmt.Sprintf(`document.querySelector(%q).textContent !== "copy"`, failure+" .copy"), soon))
	})
	t.Run("keeps what is open", func(t *testing.T) {
		b.run(t, clear)
		const row = `#list > details[data-kind=broken]`
		b.run(t, click(row+" summary"), visible(row+"[open] .body"), choose("text", "no reply"), visible(row+"[open] .body"), click(row+" summary"), visible(row+":not([open])"))
	})
	t.Run("opens with the keyboard", func(t *testing.T) {
		b.run(t, clear)
		b.run(t, focus(`#list > details[data-kind=crash] summary`), chromedp.KeyEvent("\r"), visible(`#list > details[data-kind=crash][open] .again`))
		b.run(t, chromedp.KeyEvent("/"))
		if got := eval[string](t, b, "document.activeElement.name"); got != "text" {
			t.Errorf("/ goes to %q", got)
		}
	})
	t.Run("goes to the text by / from wherever one is", func(t *testing.T) {
		for _, from := range []chromedp.CSS{"#filter [name=loader]", "#filter [name=kind]", "#filter [type=reset]", "#matrix button", "#matrix .scroll", "#list > details summary"} {
			b.run(t, clear)
			b.run(t, focus(from), chromedp.KeyEvent("/"))
			if got := eval[string](t, b, "document.activeElement.name"); got != "text" {
				t.Errorf("/ at %s goes to %q", from, got)
			}
		}
		before := eval[string](t, b, "document.activeElement.value")
		b.run(t, chromedp.KeyEvent("/"))
		if got := eval[string](t, b, "document.activeElement.value"); got != before+"/" {
			t.Errorf("/ in the text makes %q of %q", got, before)
		}
	})
	t.Run("keeps the filter on the way to a place of the page", func(t *testing.T) {
		b.run(t, clear)
		b.run(t, choose("kernel", "7.3"), chromedp.Evaluate[chromedp.Void](`location.hash = "verdicts"`))
		if got := eval[string](t, b, `document.querySelector("#filter [name=kernel]").value`); got != "7.3" {
			t.Errorf("kernel %q", got)
		}
	})
	t.Run("goes where an address says", func(t *testing.T) {
		b.run(t, clear)
		b.run(t, chromedp.Evaluate[chromedp.Void](`location.hash = "kind=crash&kernel=7.3&loader=cilium%400.22"`), chromedp.Poll[chromedp.Void](`document.querySelector("#shown").textContent.startsWith("1 of")`, soon))
	})
	t.Run("prints the answers and what is open", func(t *testing.T) {
		b.run(t, clear)
		b.run(t, chromedp.Evaluate[chromedp.Void](`for (const d of document.querySelectorAll("#list > details")) d.open = d.dataset.kind === "crash"`), visible(`#list > details[data-kind=crash][open] .body`))
		call(t, b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
		shown := `Array.from(document.querySelectorAll("#list > .verdict"), (e) => e.offsetHeight > 0 ? e.dataset.kind : "").join("")`
		if got := eval[string](t, b, shown); got != "crash" {
			t.Errorf("printed are %q", got)
		}
		b.run(t, visible(".answers"), visible("#matrix table"), visible("#list > [open] .body"), gone("#filter"), gone("#more"), gone("#list > [open] .copy"))
		call(t, b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{})
	})
	t.Run("has a table that reads as one", func(t *testing.T) {
		b.run(t, clear)
		if got := eval[int](t, b, `document.querySelectorAll("#matrix table:has(caption) thead th[scope=col]").length`); got != 2*6 {
			t.Errorf("%d column headers", got)
		}
		if got := eval[int](t, b, `document.querySelectorAll("#matrix tbody th[scope=row]").length`); got != 2*3 {
			t.Errorf("%d row headers", got)
		}
	})
	t.Run("gives a guest no script", func(t *testing.T) {
		b.run(t, clear)
		if got := eval[int](t, b, `document.querySelectorAll("script:not(#block), img, iframe, link:not([rel=icon])").length`); got != 1 {
			t.Errorf("%d elements that act", got)
		}
	})
}

// pageOnAPhone checks that nothing is wider than the screen.
func pageOnAPhone(t *testing.T, b *browser) {
	for _, scheme := range []string{"light", "dark"} {
		b.run(t, chromedp.EmulateViewport(360, 780, chromedp.EmulateMobile, chromedp.EmulateScale(2)))
		call(t, b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		b.open(t, fixture(t, "full.jsonl"))
		b.shoot(t, "phone-"+scheme)
		b.run(t, chromedp.ScrollIntoView(chromedp.CSS("#verdicts")))
		b.shoot(t, "phone-list-"+scheme)
		b.run(t, click("#list > details:nth-child(3) summary"))
		b.shoot(t, "phone-open-"+scheme)
		b.run(t, chromedp.Evaluate[chromedp.Void](`for (const d of document.querySelectorAll("details")) d.open = true`))
		if width := eval[int](t, b, "document.documentElement.scrollWidth"); width > 360 {
			t.Errorf("%s: the page is %d pixels wide", scheme, width)
		}
		b.run(t, chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile, chromedp.EmulateScale(2)))
		// Columns that are wholly in view, beside the loader's, which stays where it is.
		columns := `(() => {
			const box = document.querySelector("#matrix .scroll");
			box.scrollLeft = %d;
			const first = box.querySelector("tbody th").getBoundingClientRect(), right = box.getBoundingClientRect().right + 1;
			return Array.from(box.querySelectorAll("thead th:not(:first-child)"), (e) => e.getBoundingClientRect()).
				filter((r) => r.left >= first.right - 1 && r.right <= right && first.left >= 0).length;
		})()`
		for _, scrolled := range []int{0, 10_000} {
			if n := eval[int](t, b, fmt.Sprintf(columns, scrolled)); n < 2 {
				t.Errorf("%s: %d kernels are in view, scrolled by %d", scheme, n, scrolled)
			}
		}
		b.shoot(t, "phone-390-"+scheme)
	}
}

// pageWithoutScript checks the page where scripts are turned off: it has the answers and the
// tables, and says where the rows are.
func pageWithoutScript(t *testing.T, b *browser) {
	paths, err := Write(t.TempDir(), fixture(t, "full.jsonl"), HTML)
	if err != nil {
		t.Fatal(err)
	}
	call(t, b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	b.run(t, chromedp.Navigate("file://"+paths[0]), visible(".answers"), visible("#features"), visible("#matrix"), visible("noscript p"), gone("#filter"), gone("#more"))
	page, err := os.ReadFile(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "<noscript>")
	said, _, _ := strings.Cut(rest, "</noscript>")
	for _, want := range []string{"summary.md", "run.jsonl"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not said: %s", want, said)
		}
	}
}

// pageOfARunThatStopped checks that the page says so, and does not look clean.
func pageOfARunThatStopped(t *testing.T, b *browser) {
	b.open(t, fixture(t, "torn.jsonl"))
	text := eval[string](t, b, `document.querySelector("header").innerText`)
	for _, want := range []string{"incomplete", "The run did not come to its end.", "libbpf@1.1 on 7.3, mapdefs: 12 of 12 verdicts are not there"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not said in %q", want, text)
		}
	}
	b.shoot(t, "torn")
	b.run(t, click(`#filter .kind.missing`))
	missing := fixture(t, "torn.jsonl").Count().Of(verdict.Missing)
	want := fmt.Sprintf("%d of 210 verdicts", missing)
	if got := eval[string](t, b, `document.querySelector("#shown").textContent`); got != want || b.visible(t, "[data-kind=missing]") != missing {
		t.Errorf("the filter for missing verdicts shows %q, want %q", got, want)
	}
}

// pageOfThousands opens the page of 30,600 verdicts: soon, and with what a reader looks at in the
// document. The rest comes as the reader asks for it.
func pageOfThousands(t *testing.T, b *browser) {
	f := largeRun()
	b.run(t, chromedp.EmulateViewport(1280, 1400))
	b.open(t, f)
	took := eval[float64](t, b, `performance.getEntriesByName("ready")[0].startTime`)
	before := b.nodes(t)
	t.Logf("ready after %.0f ms, with %d elements", took, before)
	if before > 10_000 {
		t.Errorf("%d elements", before)
	}
	if took > 10_000 { // 2 s on a machine that does nothing else
		t.Errorf("ready after %.0f ms", took)
	}
	b.run(t, chromedp.ScrollIntoView(chromedp.CSS("#more")), chromedp.Poll[chromedp.Void](`document.querySelectorAll("#list > .verdict").length >= 200`, soon))

	const spec = "suite03.group0.case-7-of-the-requirement/variant-1"
	b.run(t, choose("kernel", "6.12"), choose("text", spec))
	if got := b.visible(t, ""); got != len(f.Run.Loaders) {
		t.Errorf("%d verdicts, want %d", got, len(f.Run.Loaders))
	}
	b.run(t, choose("kernel", ""), choose("text", ""), click("#filter .kind.fail"))
	b.run(t, visible("#list > details[data-kind=fail]"))
	if n := eval[int](t, b, `document.querySelectorAll("#list .body").length`); n != 0 {
		t.Errorf("the details of %d rows are in the document before they are opened", n)
	}
	b.run(t, click("#list > details[data-kind=fail] summary"), visible("#list > details[open] .body .again code"))
	if n := eval[int](t, b, `document.querySelectorAll("#list .body").length`); n != 1 {
		t.Errorf("the details of %d rows are in the document, and one is open", n)
	}
}

func TestPageThatCannotBeWritten(t *testing.T) {
	if err := writePage(fullDisk{}, fixture(t, "clean.jsonl")); err == nil {
		t.Error("no error")
	}
}
