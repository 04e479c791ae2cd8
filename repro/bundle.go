// SPDX-License-Identifier: Apache-2.0

package repro

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/verdict"
)

// The files of a bundle beside its manifest and objects.
const (
	readmeFile       = "README.md"
	conversationFile = "conversation.jsonl"
	consoleFile      = "console.txt"
	logFile          = "kernel.log"
	objectsFolder    = "objects"
)

// What a bundle keeps, so that one that goes into a bug report stays small: a guest may say as much
// as it likes.
const (
	keptObjects      = 8 << 20 // bytes
	keptConversation = 4 << 20
	keptConsole      = 256 << 10 // the end
	keptLog          = 256 << 10 // the start
)

// A Bundle holds one failure.
type Bundle struct {
	Manifest Manifest
	// the other files of the archive, by name
	files map[string][]byte
}

// Wanted reports whether a verdict is a failure that a bundle can show: of the loader, the kernel,
// the suite or the driver, and of a spec that ran.
func Wanted(v verdict.Verdict) bool {
	return v.Kind == verdict.Fail || v.Kind == verdict.Crash || v.Kind == verdict.Broken
}

// New returns the bundle of a verdict of a run.
func New(run verdict.Run, v verdict.Verdict, trail verdict.Trail, process bool) Bundle {
	m := Manifest{
		Format: Format, Run: run.ID, Started: run.Started, Loadstone: run.Loadstone,
		Guest: run.Guest, Host: run.Host, Isolation: run.Isolation, Seed: run.Seed,
		Process: process, Again: v.Again, Objects: []Object{},
	}
	for _, k := range run.Kernels {
		if k.Name == v.Kernel {
			m.Kernel = k
		}
	}
	for _, l := range run.Loaders {
		if l.Name == v.LoaderName() {
			m.Loader = l
		}
	}
	m.Verdict = v
	m.Verdict.Conversation, m.Verdict.Console = nil, nil
	b := Bundle{Manifest: m, files: make(map[string][]byte)}
	b.addObjects(trail.Files)
	b.files[conversationFile] = conversation(trail.Steps)
	b.files[consoleFile] = []byte(end(trail.Console, keptConsole))
	b.files[logFile] = []byte(start(strings.Join(append(trail.Log, ""), "\n"), keptLog))
	if program := reproducer(b.Manifest, trail.Steps); program != nil {
		b.files[reproducerFile] = program
	}
	b.files[readmeFile] = b.readme()
	b.Manifest.Files = list(b.files)
	return b
}

// addObjects takes in what the loader was given. A file has its own name in a folder with its
// number: libbpf names maps after it.
func (b *Bundle) addObjects(given []verdict.GivenFile) {
	kept := 0
	for i, f := range given {
		o := Object{Path: f.Path, Size: f.Size}
		if f.Whole() && kept+f.Size <= keptObjects {
			kept += f.Size
			o.File = fmt.Sprintf("%s/%d/%s", objectsFolder, i+1, plain(path.Base(f.Path)))
			b.files[o.File] = f.Data
		}
		b.Manifest.Objects = append(b.Manifest.Objects, o)
	}
}

// plain returns a name with nothing in it but letters, digits and -_. that means nothing to a shell
// or a file system. The name comes from a guest.
func plain(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9',
			strings.ContainsRune("-_.@", r):
			return r
		}
		return '_'
	}, name)
	const most = 100
	name = strings.TrimLeft(name[:min(len(name), most)], ".-")
	if name == "" {
		return "_"
	}
	return name
}

// An Exchange holds a line of a bundle's conversation: a request to the loader, and what came back.
type Exchange struct {
	// which of the spec's conversations with processes of the loader, from 2; absent for the first
	Conversation int             `json:"conversation,omitempty"`
	Request      json.RawMessage `json:"request"`
	Reply        json.RawMessage `json:"reply,omitempty"` // absent where none came
	Fault        string          `json:"fault,omitempty"` // why none came
	Stderr       string          `json:"stderr,omitempty"`
}

// conversation returns the lines of a conversation, as far as they are kept.
func conversation(steps []record.Step) []byte {
	var lines bytes.Buffer
	encoder := json.NewEncoder(&lines)
	encoder.SetEscapeHTML(false)
	for i, s := range steps {
		before := lines.Len()
		err := encoder.Encode(Exchange{s.Conversation, s.Request, s.Reply, s.Fault, s.Stderr})
		if err != nil || lines.Len() > keptConversation { // the steps are a guest's
			lines.Truncate(before)
			fmt.Fprintf(&lines, "{\"left_out\":%d}\n", len(steps)-i)
			break
		}
	}
	return lines.Bytes()
}

// start returns the start of a text, and says what is left out.
func start(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return fmt.Sprintf("%s\n[%d bytes more are left out]\n", text[:most], len(text)-most)
}

// end returns the end of a text, and says what is left out.
func end(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return fmt.Sprintf("[%d bytes before are left out]\n%s", len(text)-most, text[len(text)-most:])
}

// Conversation returns the exchanges of the bundle's conversation.
func (b Bundle) Conversation() ([]Exchange, error) {
	var all []Exchange
	for line := range bytes.Lines(b.files[conversationFile]) {
		var x Exchange
		if err := json.Unmarshal(line, &x); err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrNotBundle, conversationFile, err)
		}
		if x.Request != nil { // else it says what is left out
			all = append(all, x)
		}
	}
	return all, nil
}

// Name returns what the file of the bundle is called, without its suffix: the same for the same
// spec, loader and kernel.
func (b Bundle) Name() string {
	v := b.Manifest.Verdict
	kernel := v.Kernel
	if strings.ContainsRune(kernel, '/') {
		kernel = path.Base(kernel)
	}
	return strings.Join([]string{
		plain(strings.ReplaceAll(v.Spec, "/", "_")), plain(v.LoaderName()), plain(kernel),
	}, "-")
}
