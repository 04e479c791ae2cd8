// SPDX-License-Identifier: Apache-2.0

package apt

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/loadstone-bpf/loadstone/vmtest/flock"
	"github.com/loadstone-bpf/loadstone/vmtest/wholefile"
)

const indexFile = "index"

// Each dist has a directory of its own, so that one that cannot be updated does
// not spoil the others:
//
//	<dist>/lock          held while the dist is updated
//	<dist>/sources.list  one line
//	<dist>/lists/        what apt-get update fetched and verified
//	<dist>/index         see index.go; made from lists
//	<dist>/state.json    written last
func (r *Root) distDir(d dist, name ...string) string {
	return filepath.Join(append([]string{r.dir, d.name}, name...)...)
}

// state describes what is known about a dist.
type state struct {
	Updated time.Time `json:"updated"`          // when the mirror was last asked
	Absent  bool      `json:"absent,omitempty"` // the mirror does not have it
}

func (r *Root) readState(d dist) (state, bool) {
	var s state
	data, err := os.ReadFile(r.distDir(d, "state.json"))
	if err != nil || json.Unmarshal(data, &s) != nil {
		return state{}, false
	}
	if s.Absent {
		return s, true
	}
	x, err := openIndex(r.distDir(d, indexFile))
	if err != nil {
		return state{}, false
	}
	return s, x.Close() == nil
}

// ensure sees to it that the dist has an index, and one as young as asked for.
func (r *Root) ensure(ctx context.Context, d dist) error {
	turn := r.turn(d)
	turn.Lock()
	defer turn.Unlock()
	if err, tried := r.triedUpdate(d); tried {
		return err
	}
	known, have := r.readState(d)
	young := time.Since(known.Updated) < r.options.MaxAge
	if have && (r.options.Offline || young && !r.options.Refresh) {
		return known.verdict(d)
	}
	if r.options.Offline {
		return offline("lists of " + d.name)
	}
	err := r.update(ctx, d, known.Updated)
	passing := errors.Is(err, ErrNoNetwork) || errors.Is(err, ErrCorruptPackage)
	if passing && have && !known.Absent {
		r.notice(fmt.Sprintf("lists of %s are of %s: %v", d.name,
			known.Updated.Format(time.DateTime), err))
		err = nil
	}
	r.mutex.Lock()
	r.updated[d.name] = err
	r.mutex.Unlock()
	return err
}

// turn returns the lock that lets one goroutine at a time look after a dist.
func (r *Root) turn(d dist) *sync.Mutex {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.updating[d.name] == nil {
		r.updating[d.name] = new(sync.Mutex)
	}
	return r.updating[d.name]
}

func (r *Root) triedUpdate(d dist) (error, bool) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	err, tried := r.updated[d.name]
	return err, tried
}

func (s state) verdict(d dist) error {
	if s.Absent {
		return fmt.Errorf("%s: %w (asked at %s)", d.name, ErrNotOnMirror,
			s.Updated.Format(time.DateTime))
	}
	return nil
}

// update fetches the lists of a dist and makes its index, unless another
// process did so since the given time.
func (r *Root) update(ctx context.Context, d dist, since time.Time) error {
	lock, err := flock.Wait(ctx, r.distDir(d, "lock"), flock.Exclusive)
	if err != nil {
		return OnDisk(err)
	}
	defer lock.Unlock()
	if now, have := r.readState(d); have && now.Updated.After(since) && !r.options.Refresh {
		return now.verdict(d)
	}
	what := "fetching lists of " + d.name
	r.progress(Event{What: what})
	defer r.progress(Event{What: what, Ended: true})

	err = r.updateLists(ctx, d)
	if errors.Is(err, ErrSignature) && r.fetchNewerKeyring(ctx, d) {
		err = r.updateLists(ctx, d)
	}
	if errors.Is(err, ErrNotOnMirror) {
		return errors.Join(err, OnDisk(r.writeState(d, state{Updated: time.Now(), Absent: true})))
	}
	if err != nil {
		return err
	}
	if err := r.makeIndex(ctx, d); err != nil {
		return fmt.Errorf("index of %s: %w", d.name, OnDisk(err))
	}
	return OnDisk(r.writeState(d, state{Updated: time.Now()}))
}

func (r *Root) writeState(d dist, s state) error {
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return updateFile(r.distDir(d, "state.json"), data, 0o644)
}

// updateLists runs apt-get update for one dist.
func (r *Root) updateLists(ctx context.Context, d dist) error {
	for _, dir := range []string{"lists/partial", "cache/archives/partial"} {
		if err := os.MkdirAll(r.distDir(d, dir), 0o755); err != nil {
			return OnDisk(err)
		}
	}
	files := map[string]string{"sources.list": fmt.Sprintf("deb [target=Packages] %s %s main\n",
		r.base(d), d.name), "status": ""}
	for name, text := range files {
		if err := updateFile(r.distDir(d, name), []byte(text), 0o644); err != nil {
			return OnDisk(err)
		}
	}
	if err := r.installKeyrings(); err != nil {
		return OnDisk(err)
	}
	get := newCommand(ctx, r.configPath(), "apt-get",
		append(r.distOptions(d), "-o", "pkgCacheFile::Generate=false", "update")...)
	return get.run(ctx, "lists of "+d.name)
}

// base returns the URI below which the dist's files are.
func (r *Root) base(d dist) string {
	if d.archive == securityArchive {
		return r.host.Security
	}
	return r.host.Main
}

// distOptions make apt work in the directory of one dist.
func (r *Root) distOptions(d dist) []string {
	var options []string
	for option, name := range map[string]string{
		"Dir::Etc::sourcelist": "sources.list", "Dir::State": "", "Dir::State::lists": "lists",
		"Dir::State::status": "status", "Dir::Cache": "cache",
	} {
		options = append(options, "-o", option+"="+r.distDir(d, name))
	}
	return options
}

// makeIndex makes the index of what apt-get update left. A dist without
// packages has no Packages file.
func (r *Root) makeIndex(ctx context.Context, d dist) error {
	targets := newCommand(ctx, r.configPath(), "apt-get",
		append(r.distOptions(d), "indextargets", "--format", "$(FILENAME)", "Created-By: Packages")...)
	var names strings.Builder
	targets.Stdout = &names
	if err := targets.run(ctx, "list the indices of "+d.name); err != nil {
		return err
	}
	file, err := wholefile.Create(r.distDir(d, indexFile), 0o600)
	if err != nil {
		return err
	}
	// Under the lock of the dist, whatever else has such a name is a leftover.
	defer r.removeLeftovers(d)
	defer file.Close()
	if err := r.indexOf(ctx, file,
		strings.FieldsFunc(names.String(), func(c rune) bool { return c == '\n' })); err != nil {
		return err
	}
	return file.CloseAtomicallyReplace()
}

// indexOf writes the index of Packages files, which apt keeps in whatever
// compression the host prefers and apt-helper reads.
func (r *Root) indexOf(ctx context.Context, w io.Writer, packages []string) error {
	if len(packages) == 0 {
		return writeIndex(w, strings.NewReader(""))
	}
	cat := newCommand(ctx, r.configPath(), aptHelper, append([]string{"cat-file"}, packages...)...)
	out, in, err := os.Pipe()
	if err != nil {
		return err
	}
	cat.Stdout = in
	done := make(chan error, 1)
	go func() {
		err := cat.run(ctx, "read "+packages[0])
		in.Close()
		done <- err
	}()
	err = writeIndex(w, out)
	out.Close()
	return errors.Join(err, <-done)
}

// removeLeftovers removes the temporary files of runs that were killed.
func (r *Root) removeLeftovers(d dist) {
	leftovers, _ := filepath.Glob(wholefile.Prefix(r.distDir(d, indexFile)) + "*")
	for _, path := range leftovers {
		os.Remove(path)
	}
}

// aptHelper names where package apt keeps its helper.
const aptHelper = "/usr/lib/apt/apt-helper"
