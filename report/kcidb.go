// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/loadstone-bpf/loadstone/verdict"
)

// DefaultOrigin names, in KCIDB, the system that results come from where its user does not.
const DefaultOrigin = "loadstone"

// ErrOrigin is wrapped by the error about a name that KCIDB does not take for an origin.
var ErrOrigin = errors.New("want lower-case letters, digits and _")

var originPattern = regexp.MustCompile(`^[a-z0-9_]+$`)

// CheckOrigin returns an error wrapping [ErrOrigin] where KCIDB does not take a name for an origin.
func CheckOrigin(origin string) error {
	if !originPattern.MatchString(origin) {
		return fmt.Errorf("origin %q: %w", origin, ErrOrigin)
	}
	return nil
}

// kcidb holds a report for KernelCI's database: I/O schema 5.3 (kcidb_io/schema/v05_03.py of
// kcidb-io), as far as it is used here. Nothing in it is null.
type kcidb struct {
	Version   kcidbVersion    `json:"version"`
	Checkouts []kcidbCheckout `json:"checkouts"`
	Builds    []kcidbBuild    `json:"builds"`
	Tests     []kcidbTest     `json:"tests"`
	Issues    []kcidbIssue    `json:"issues,omitempty"`
	Incidents []kcidbIncident `json:"incidents,omitempty"`
}

type kcidbVersion struct {
	Major int `json:"major"`
	Minor int `json:"minor"`
}

// A kcidbCheckout stands for the sources of a kernel, of which a run knows the release alone.
type kcidbCheckout struct {
	ID      string         `json:"id"`
	Origin  string         `json:"origin"`
	Comment string         `json:"comment"`
	Valid   bool           `json:"valid"`
	Misc    map[string]any `json:"misc,omitempty"`
}

// A kcidbBuild describes a kernel.
type kcidbBuild struct {
	ID           string         `json:"id"`
	CheckoutID   string         `json:"checkout_id"`
	Origin       string         `json:"origin"`
	Comment      string         `json:"comment"`
	Architecture string         `json:"architecture,omitempty"`
	ConfigName   string         `json:"config_name,omitempty"` // the release, which ends with Debian's flavour
	Status       string         `json:"status"`
	Misc         map[string]any `json:"misc,omitempty"`
}

// A kcidbTest describes a spec with one loader on one kernel, or all of these together.
type kcidbTest struct {
	ID          string            `json:"id"`
	BuildID     string            `json:"build_id"`
	Origin      string            `json:"origin"`
	Path        string            `json:"path"`
	Status      string            `json:"status"`
	Comment     string            `json:"comment,omitempty"`
	StartTime   string            `json:"start_time,omitempty"` // the run's: that of a spec is not kept
	Duration    float64           `json:"duration"`             // seconds
	LogExcerpt  string            `json:"log_excerpt,omitempty"`
	Environment *kcidbEnvironment `json:"environment,omitempty"`
	Misc        map[string]any    `json:"misc"`
}

type kcidbEnvironment struct {
	Comment string `json:"comment"`
}

// A kcidbIssue describes a known failure.
type kcidbIssue struct {
	ID        string `json:"id"`
	Version   int    `json:"version"`
	Origin    string `json:"origin"`
	Comment   string `json:"comment"`
	ReportURL string `json:"report_url,omitempty"`
}

// A kcidbIncident says that a known failure came up in a test.
type kcidbIncident struct {
	ID           string `json:"id"`
	Origin       string `json:"origin"`
	IssueID      string `json:"issue_id"`
	IssueVersion int    `json:"issue_version"`
	TestID       string `json:"test_id"`
	Present      bool   `json:"present"`
}

// kcidbStatuses lists the statuses of tests by their priority. That of a whole is the first of its
// parts'.
var kcidbStatuses = []string{"FAIL", "ERROR", "MISS", "PASS", "SKIP"}

// writeKCIDB writes the run as a report for KernelCI's database. A test says what the tested code
// did, whatever was expected: known failures fail, and are incidents of an issue.
func writeKCIDB(w io.Writer, f *verdict.File, origin string) error {
	if err := CheckOrigin(origin); err != nil {
		return err
	}
	return json.NewEncoder(w).Encode(newKCIDB(f, origin))
}

func newKCIDB(f *verdict.File, origin string) kcidb {
	k := kcidb{
		Version:   kcidbVersion{5, 3},
		Checkouts: []kcidbCheckout{}, Builds: []kcidbBuild{}, Tests: []kcidbTest{},
	}
	builds := make(map[string]string) // id by kernel
	for _, name := range f.Matrix().Kernels {
		builds[name] = k.addKernel(f.Run, name, origin)
	}
	var environment *kcidbEnvironment
	if where := hostOf(f.Run); where != "" {
		environment = &kcidbEnvironment{where}
	}
	planned := asPlanned(f)
	cells := newKCIDBCells(f)
	test := func(loader, kernel, name string) kcidbTest {
		t := kcidbTest{
			ID:      kcidbID(origin, f.Run.ID, loader, kernel, name),
			BuildID: builds[kernel], Origin: origin, Environment: environment,
		}
		if !f.Run.Started.IsZero() {
			t.StartTime = f.Run.Started.UTC().Format(time.RFC3339Nano)
		}
		t.Misc = map[string]any{"loader": printable(loader), "kernel": printable(kernel)}
		return t
	}
	for _, v := range sorted(planned) {
		t := test(v.LoaderName(), v.Cell.Kernel, v.Spec)
		t.of(v)
		k.Tests = append(k.Tests, t)
		cells.add(v, t)
		if v.Expectation != nil && t.Status == "FAIL" {
			k.addIncident(origin, *v.Expectation, t.ID)
		}
	}
	for _, g := range gaps(planned) {
		t := test(g.Loader, g.Kernel, g.Suite)
		t.Path, t.Status = kcidbPath(g.Suite, ""), "MISS"
		t.Comment = printable(fmt.Sprintf("%d of %d verdicts are not in the run file, which does not name them",
			g.Missing, g.Specs))
		k.Tests = append(k.Tests, t)
		cells.missing(g)
	}
	for _, u := range f.Unproved() {
		c := cells.at[[2]string{u.Loader, u.Kernel}]
		c.fails, c.why = true, unproved(u)
	}
	for _, c := range cells.list {
		t := test(c.loader, c.kernel, "")
		t.Path, t.Status, t.Comment = kcidbRoot, c.status, printable(c.says(f.Problems()))
		t.Duration = float64(c.ms) / 1000
		if c.status != "FAIL" && (c.fails || len(f.Problems()) > 0) {
			t.Status = "ERROR"
		}
		t.Misc["verdicts"] = c.kinds
		k.Tests = append(k.Tests, t)
	}
	return k
}

// addKernel adds the checkout and the build of a kernel, and returns the build's id. A kernel has
// the same ids in every run, where its digest is known.
func (k *kcidb) addKernel(run verdict.Run, name, origin string) string {
	of := verdict.Kernel{Name: name}
	if i := slices.IndexFunc(run.Kernels, func(k verdict.Kernel) bool { return k.Name == name }); i >= 0 {
		of = run.Kernels[i]
	}
	id := kcidbID(origin, run.ID, name)
	if of.Digest != "" {
		id = kcidbID(origin, cmp.Or(of.Release, name), of.Digest)
	}
	said := printable("Linux " + cmp.Or(of.Release, name))
	misc := make(map[string]any)
	for key, value := range map[string]string{
		"kernel": of.Name, "release": of.Release, "version": of.Version, "sha256": of.Digest,
	} {
		if value != "" {
			misc[key] = printable(value)
		}
	}
	k.Checkouts = append(k.Checkouts, kcidbCheckout{ID: id, Origin: origin, Comment: said, Valid: true, Misc: misc})
	if of.Version != "" {
		said += printable(" " + parenthesis(of.Version)) // the package's, or what uname -v says
	}
	k.Builds = append(k.Builds, kcidbBuild{
		ID: id, CheckoutID: id, Origin: origin, Comment: said, Architecture: kcidbArch(of.Arch),
		ConfigName: printable(of.Release), Status: "PASS", Misc: misc,
	})
	return id
}

// addIncident says that a known failure came up in a test.
func (k *kcidb) addIncident(origin string, x verdict.Expectation, test string) {
	issue := kcidbIssue{
		ID: kcidbID(origin, "issue", x.Expect, x.Issue), Version: 1, Origin: origin,
		Comment: printable("expected to " + x.Expect + ": " + x.Issue),
	}
	if u, err := url.Parse(x.Issue); err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" {
		issue.ReportURL = u.String()
	}
	if !slices.ContainsFunc(k.Issues, func(o kcidbIssue) bool { return o.ID == issue.ID }) {
		k.Issues = append(k.Issues, issue)
	}
	k.Incidents = append(k.Incidents, kcidbIncident{
		ID: kcidbID(origin, "incident", issue.ID, test), Origin: origin, IssueID: issue.ID,
		IssueVersion: issue.Version, TestID: test, Present: true,
	})
}

// of takes in a verdict.
func (t *kcidbTest) of(v verdict.Verdict) {
	t.Path, t.Status = kcidbPath(v.Suite, v.Spec), kcidbStatus(v)
	t.Comment = printable(strings.Join(v.Sentence, " "))
	t.Duration = float64(v.DurationMS) / 1000
	t.Misc["verdict"], t.Misc["spec"] = v.Kind, printable(v.Spec)
	if v.Advisory() {
		t.Misc["verdict"] = kindShould
	}
	if v.Reason != "" {
		t.Misc["reason"] = printable(v.Reason)
	}
	if t.Status == "FAIL" || t.Status == "ERROR" || v.Advisory() || v.Differs() {
		t.LogExcerpt = excerpt(printable(story(v)))
	}
}

// kcidbStatus returns what a verdict says of the tested code. What was not asked of it, as a
// *should* that is not met or a feature that a loader refuses, is SKIP, as in other reports.
func kcidbStatus(v verdict.Verdict) string {
	if v.FailsAmongOthers() {
		return "FAIL"
	}
	v.Kind = v.Unexcused()
	switch {
	case v.Advisory():
		return "SKIP"
	case v.Kind == verdict.Pass, v.Kind == verdict.XPass:
		return "PASS"
	case v.Kind == verdict.Fail, v.Kind == verdict.XFail, v.Kind == verdict.Flaky, v.Kind == verdict.Crash:
		return "FAIL"
	case v.Kind == verdict.Broken:
		return "ERROR"
	case v.Kind == verdict.Missing:
		return "MISS"
	}
	return "SKIP"
}

// A kcidbCell holds what all tests of a loader on a kernel say together.
type kcidbCell struct {
	loader, kernel string
	status         string
	kinds          map[string]int
	fails          bool // the run fails for it
	why            string
	ms             int64 // of all specs
	missing        int   // that the run file does not name
}

type kcidbCells struct {
	list []*kcidbCell
	at   map[[2]string]*kcidbCell
}

// newKCIDBCells returns the cells of a run, in its order.
func newKCIDBCells(f *verdict.File) kcidbCells {
	cells := kcidbCells{at: make(map[[2]string]*kcidbCell)}
	planned := make(map[[2]string]bool)
	for _, p := range f.Run.Plan {
		planned[[2]string{p.Loader, p.Kernel}] = true
	}
	for _, v := range f.Verdicts {
		planned[[2]string{v.LoaderName(), v.Cell.Kernel}] = true
	}
	m := f.Matrix()
	for _, loader := range m.Loaders {
		for _, kernel := range m.Kernels {
			key := [2]string{loader, kernel}
			if !planned[key] {
				continue
			}
			c := &kcidbCell{loader: loader, kernel: kernel, status: "SKIP", kinds: make(map[string]int)}
			cells.list, cells.at[key] = append(cells.list, c), c
		}
	}
	return cells
}

// add takes in the test of a verdict.
func (cs kcidbCells) add(v verdict.Verdict, t kcidbTest) {
	c := cs.at[[2]string{v.LoaderName(), v.Cell.Kernel}]
	c.raise(t.Status)
	c.kinds[fmt.Sprint(t.Misc["verdict"])]++
	c.fails = c.fails || v.Fails()
	c.ms += v.DurationMS
}

// missing takes in a part of the plan that the run file does not have.
func (cs kcidbCells) missing(g gap) {
	c := cs.at[[2]string{g.Loader, g.Kernel}]
	c.raise("MISS")
	c.missing += g.Missing
}

// raise gives a cell a status where that has priority.
func (c *kcidbCell) raise(status string) {
	if slices.Index(kcidbStatuses, status) < slices.Index(kcidbStatuses, c.status) {
		c.status = status
	}
}

// says returns how many verdicts there are of each kind, and what is wrong beyond them.
func (c *kcidbCell) says(problems []string) string {
	var parts []string
	for _, kind := range append([]string{kindShould}, kindNames()...) {
		if n := c.kinds[kind]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, kind))
		}
	}
	if c.missing > 0 {
		parts = append(parts, fmt.Sprintf("%d not in the run file", c.missing))
	}
	said := cellName(c.loader, c.kernel) + ": " + strings.Join(parts, ", ")
	if c.why != "" {
		said += "; " + c.why
	}
	if len(problems) > 0 {
		said += "; problem: " + strings.Join(problems, "; ")
	}
	return said
}

// kindNames returns the kinds of verdicts as text.
func kindNames() []string {
	var kinds []string
	for _, k := range verdict.Kinds {
		kinds = append(kinds, string(k))
	}
	return kinds
}

// kcidbRoot names the node of KCIDB's tree of tests under which all of these are.
const kcidbRoot = "loadstone"

// notInPath finds what a node of a path cannot have.
var notInPath = regexp.MustCompile(`[^a-zA-Z0-9_.-]+`)

// kcidbPath returns the path of a spec in the tree of tests: "loadstone.mapdefs.same-map.array".
func kcidbPath(suite, spec string) string {
	if spec != suite && !strings.HasPrefix(spec, suite+".") {
		spec = suite + "." + spec
	}
	path := notInPath.ReplaceAllString(kcidbRoot+"."+strings.ReplaceAll(spec, "/", "."), "_")
	var nodes []string
	for _, node := range strings.Split(path, ".") {
		if node != "" {
			nodes = append(nodes, node)
		}
	}
	return strings.Join(nodes, ".")
}

// kcidbID returns an id that no other thing of the origin has: the first part, for people, and a
// digest of all parts.
func kcidbID(origin string, parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	return origin + ":" + notInPath.ReplaceAllString(parts[0], "_") + "-" + hex.EncodeToString(sum[:12])
}

// kcidbArch returns an architecture as the kernel calls it.
func kcidbArch(debian string) string {
	if debian == "amd64" {
		return "x86_64"
	}
	return regexp.MustCompile(`[^a-z0-9_]`).ReplaceAllString(debian, "")
}

// hostOf says what guests ran on.
func hostOf(r verdict.Run) string {
	return printable(strings.Join(nonEmpty(r.Host.OS, r.Host.Arch, prefixed("QEMU ", r.Host.QEMU), r.Host.Accel), ", "))
}

// mostExcerpt limits an excerpt of a log, in characters: KCIDB takes no longer one.
const mostExcerpt = 16384

// excerpt returns the beginning and the end of a text that is too long, the larger part of the end:
// that is where a kernel dies.
func excerpt(text string) string {
	const cut, head = "\n[...]\n", mostExcerpt / 4
	runes := []rune(text)
	if len(runes) <= mostExcerpt {
		return text
	}
	tail := mostExcerpt - head - len(cut)
	return string(runes[:head]) + cut + string(runes[len(runes)-tail:])
}
