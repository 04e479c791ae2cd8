// SPDX-License-Identifier: Apache-2.0

package repro

import (
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/verdict"
)

// reproducerFile is the program in C that asks libbpf what the suite asked its driver.
const reproducerFile = "reproducer.c"

// A call holds a step of a conversation as a loader's API is called for it.
type call struct {
	text string // the request in words
	// C that leaves an error number in err; "" for what cannot be told
	code string
	want string // what came back, in words
	// the error number that came back: 0 for ok, -1 for a refusal without one
	errno int
}

// A telling turns requests into calls of libbpf.
type telling struct {
	files    map[string]string // of the bundle, by the paths of the conversation
	work     string            // folders of the suite
	bpffs    string
	sessions map[string]int // numbers of variables
	calls    []call
	untold   int
}

// A request holds what any request may, as far as it is told.
type request struct {
	Op        loader.Op          `json:"op"`
	Session   string             `json:"session"`
	Object    string             `json:"object"`
	Options   loader.OpenOptions `json:"options"`
	Target    string             `json:"target"`
	Name      string             `json:"name"`
	Attribute loader.Attribute   `json:"attribute"`
	Value     any                `json:"value"`
	Path      string             `json:"path"`
	Inputs    []string           `json:"inputs"`
	Output    string             `json:"output"`
	Dirs      loader.Dirs        `json:"dirs"`
}

// reproducer returns a program in C for a failure of libbpf's, nil where the conversation cannot be
// told as calls: there is nothing to tell but what has no words in libbpf, or the loader ran with
// fewer rights than root, which a conversation does not say.
func reproducer(m Manifest, steps []record.Step) []byte {
	if m.Verdict.Loader != "libbpf" || m.Verdict.Suite == "rights" || m.Verdict.Suite == "token" {
		return nil
	}
	t := telling{files: make(map[string]string), sessions: make(map[string]int)}
	for _, o := range m.Objects {
		if o.File != "" {
			t.files[o.Path] = o.File
		}
	}
	for _, s := range steps {
		t.take(s)
	}
	if len(t.calls) == t.untold {
		return nil
	}
	return t.program(m.Verdict)
}

// take tells one step.
func (t *telling) take(s record.Step) {
	var r request
	if err := json.Unmarshal(s.Request, &r); err != nil {
		t.add(call{text: string(s.Request), want: "unknown"})
		return
	}
	switch r.Op {
	case loader.OpHello:
		t.work, t.bpffs = r.Dirs.Work, r.Dirs.BPFFS
		return
	case loader.OpReset, loader.OpBye:
		return // the program ends, and gives all up
	}
	c := call{text: strings.TrimSpace(string(r.Op) + " " + r.subject())}
	c.want, c.errno = answered(s)
	if s.Conversation == 0 { // others are other processes
		c.code = t.code(r)
	}
	t.add(c)
}

func (t *telling) add(c call) {
	if c.code == "" {
		t.untold++
	}
	t.calls = append(t.calls, c)
}

// subject names what a request is about.
func (r request) subject() string {
	switch {
	case len(r.Inputs) > 0:
		return path.Base(r.Output)
	case r.Object != "":
		return r.Session + " " + path.Base(r.Object)
	case r.Attribute != "":
		return fmt.Sprintf("%s %s.%s = %v", r.Session, r.Name, r.Attribute, r.Value)
	}
	return strings.TrimSpace(strings.Join([]string{r.Session, r.Target, r.Name}, " "))
}

// answered returns what came back, in words, and its error number.
func answered(s record.Step) (string, int) {
	var reply struct {
		OK       json.RawMessage `json:"ok"`
		Rejected *struct {
			Stage, Class string
			Errno        int
		} `json:"rejected"`
		Unsupported *struct{ Feature string } `json:"unsupported"`
	}
	if err := json.Unmarshal(s.Reply, &reply); err != nil {
		return "no reply: " + s.Fault, -1
	}
	switch {
	case reply.OK != nil:
		return "ok", 0
	case reply.Rejected != nil && reply.Rejected.Errno > 0:
		return fmt.Sprintf("rejected at %s, class %s, errno %d", reply.Rejected.Stage, reply.Rejected.Class, reply.Rejected.Errno), reply.Rejected.Errno
	case reply.Rejected != nil:
		return fmt.Sprintf("rejected at %s, class %s", reply.Rejected.Stage, reply.Rejected.Class), -1
	case reply.Unsupported != nil:
		return "unsupported: " + reply.Unsupported.Feature, -1
	}
	return "an error of the driver", -1
}

// code returns the C of a request; "" where it cannot be told.
func (t *telling) code(r request) string {
	object := func() string { return fmt.Sprintf("objects[%d]", t.number(r.Session)) }
	switch r.Op {
	case loader.OpOpen:
		return t.open(r)
	case loader.OpLoad:
		return fmt.Sprintf("err = bpf_object__load(%s);", object())
	case loader.OpClose:
		return fmt.Sprintf("bpf_object__close(%s);\n\t%s = NULL;\n\terr = 0;", object(), object())
	case loader.OpSet:
		return set(r, object())
	case loader.OpPin, loader.OpUnpin:
		kind := r.Target
		if kind != "map" && kind != "program" {
			return ""
		}
		return fmt.Sprintf("err = bpf_%s__%s(bpf_object__find_%s_by_name(%s, %s), %s);",
			kind, r.Op, kind, object(), quoted(r.Name), quoted(t.path(r.Path)))
	case loader.OpLink:
		return t.link(r)
	}
	return ""
}

// number returns the number of a session's variable.
func (t *telling) number(session string) int {
	if _, known := t.sessions[session]; !known {
		t.sessions[session] = len(t.sessions)
	}
	return t.sessions[session]
}

// path returns where the program finds what a path of the conversation named.
func (t *telling) path(name string) string {
	if file := t.files[name]; file != "" {
		return file
	}
	if rest, below := strings.CutPrefix(name, t.bpffs); below && t.bpffs != "" {
		return bpffsOfProgram + rest
	}
	if rest, below := strings.CutPrefix(name, t.work+"/"); below && t.work != "" {
		return "out/" + strings.ReplaceAll(rest, "/", "_")
	}
	return name
}

// bpffsOfProgram names the folder in a bpffs that the program has for its pins.
const bpffsOfProgram = "/sys/fs/bpf/loadstone-repro"

func (t *telling) open(r request) string {
	o := r.Options
	if len(o.ExtraTypes)+len(o.Handlers)+len(o.PinIDs) > 0 || o.MapLayout != "" || o.PinMount != "" || o.TokenPath != "" {
		return "" // callbacks of the driver, or what libbpf has no word for
	}
	var w strings.Builder
	fmt.Fprintf(&w, "LIBBPF_OPTS(bpf_object_open_opts, opts")
	for _, option := range []struct {
		name string
		is   bool
		code string
	}{
		{"relaxed_maps", o.IgnoreUnknownFields, "true"}, {"pin_root_path", o.PinRoot != "", quoted(t.path(o.PinRoot))},
		{"kconfig", o.Kconfig != "", quoted(o.Kconfig)}, {"btf_custom_path", o.KernelTypes != "", quoted(t.path(o.KernelTypes))},
	} {
		if option.is {
			fmt.Fprintf(&w, ",\n\t\t.%s = %s", option.name, option.code)
		}
	}
	object := fmt.Sprintf("objects[%d]", t.number(r.Session))
	fmt.Fprintf(&w, ");\n\t%s = bpf_object__open_file(%s, &opts);\n\terr = libbpf_get_error(%s);\n\tif (err)\n\t\t%s = NULL;",
		object, quoted(t.path(r.Object)), object, object)
	return w.String()
}

// set tells attributes that libbpf sets by one call.
func set(r request, object string) string {
	value := ""
	switch v := r.Value.(type) {
	case float64:
		if v < 0 || v != float64(uint64(v)) {
			return ""
		}
		value = fmt.Sprint(uint64(v))
	case bool:
		value = fmt.Sprint(v)
	default:
		return ""
	}
	switch {
	case r.Target == "map" && (r.Attribute == loader.MaxEntries || r.Attribute == loader.MapFlags ||
		r.Attribute == loader.ValueSize || r.Attribute == loader.NumaNode || r.Attribute == loader.MapExtra ||
		r.Attribute == loader.AutoCreate):
	case r.Target == "program" && r.Attribute == loader.AutoLoad:
	default:
		return ""
	}
	return fmt.Sprintf("err = bpf_%s__set_%s(bpf_object__find_%s_by_name(%s, %s), %s);", r.Target, r.Attribute,
		r.Target, object, quoted(r.Name), value)
}

func (t *telling) link(r request) string {
	var w strings.Builder
	fmt.Fprintf(&w, "struct bpf_linker *linker = bpf_linker__new(%s, NULL);\n\n\terr = libbpf_get_error(linker);", quoted(t.path(r.Output)))
	for _, input := range r.Inputs {
		fmt.Fprintf(&w, "\n\tif (!err)\n\t\terr = bpf_linker__add_file(linker, %s, NULL);", quoted(t.path(input)))
	}
	fmt.Fprint(&w, "\n\tif (!err)\n\t\terr = bpf_linker__finalize(linker);\n\tbpf_linker__free(linker);")
	return w.String()
}

// program returns the whole of it.
func (t *telling) program(v verdict.Verdict) []byte {
	var w strings.Builder
	comment := func(format string, args ...any) {
		fmt.Fprintf(&w, " * %s\n", commented(fmt.Sprintf(format, args...)))
	}
	fmt.Fprint(&w, "/*\n")
	comment("%s: %s on %s (%s)", v.Spec, v.LoaderName(), v.Kernel, v.KernelRelease)
	for _, s := range v.Sentence {
		comment("%s", s)
	}
	for _, s := range v.Sources {
		comment("source: %s", strings.TrimSpace(s.Text+" "+s.URL))
	}
	comment("expected: %s", v.Expected)
	comment("seen: %s", v.Seen)
	fmt.Fprint(&w, " *\n")
	comment("As root, in this folder: cc reproducer.c -lbpf -o reproducer && ./reproducer [hold]")
	comment("It makes the calls that the conversation with libbpf's driver comes to, and says whether each ends as it")
	comment("did: it exits with 1 where all do, 0 where one does not. What the suite read from the kernel then is not")
	comment("told: hold waits at the end, for bpftool.")
	if t.untold > 0 {
		comment("%d of %d requests cannot be told as calls of libbpf, and are comments below.", t.untold, len(t.calls))
	}
	fmt.Fprintf(&w, ` */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

static bool differs;

/* recorded is the error number that the driver told: 0 for none, -1 for one that it did not. */
static void step(const char *what, int err, int recorded, const char *answer)
{
	bool same = (err != 0) == (recorded != 0) && (recorded <= 0 || -err == recorded);

	printf("%%-40s %%s, recorded: %%s%%s\n", what, err ? strerror(-err) : "ok", answer,
	       same ? "" : "  <- not as recorded");
	differs = differs || !same;
}

int main(int argc, char **argv)
{
	struct bpf_object *objects[%d] = { NULL };
	int err;

	(void)objects;
	mkdir("out", 0755);
	mkdir("%s", 0755);
`, max(1, len(t.sessions)), bpffsOfProgram)
	for _, c := range t.calls {
		if c.code == "" {
			fmt.Fprintf(&w, "\n\t/* cannot be told: %s; recorded: %s */\n", commented(c.text), commented(c.want))
			continue
		}
		fmt.Fprintf(&w, "\n\t{\n\t%s\n\tstep(%s, err, %d, %s);\n\t}\n", c.code, quoted(c.text), c.errno, quoted(c.want))
	}
	fmt.Fprint(&w, `
	printf(differs ? "not as recorded\n" : "all as recorded\n");
`)
	fmt.Fprintf(&w, "\tprintf(\"expected of it: %%s\\nseen: %%s\\n\", %s, %s);\n", quoted(v.Expected), quoted(v.Seen))
	fmt.Fprint(&w, `	fflush(stdout);
	if (argc > 1 && !strcmp(argv[1], "hold"))
		pause();
	return !differs;
}
`)
	return []byte(w.String())
}

// commented returns text as a part of a comment of C.
func commented(text string) string {
	return strings.NewReplacer("*/", "* /", "/*", "/ *", "\\", "/").Replace(line(text))
}

// quoted returns text as a string of C. It comes from a guest: all but plain ASCII is escaped.
func quoted(text string) string {
	var w strings.Builder
	w.WriteByte('"')
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"' || c == '\\' || c == '?' || c < ' ' || c > '~':
			fmt.Fprintf(&w, `\%03o`, c)
		default:
			w.WriteByte(c)
		}
	}
	w.WriteByte('"')
	return w.String()
}
