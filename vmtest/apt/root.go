// SPDX-License-Identifier: Apache-2.0

package apt

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// Options say where a private root is and how it behaves.
type Options struct {
	Dir    string // the cache directory, made if it is not there
	Mirror string // base URI of the archive[,of the security archive]; the host's if empty
	Arch   string // Debian's name of the architecture, "amd64"

	MaxAge  time.Duration // lists older than this are updated before use; [DefaultMaxAge] if zero
	Refresh bool          // update lists once, however young they are
	Offline bool          // fetch nothing: use the lists there are

	// Notice is told, in a sentence, what the user should know though nothing
	// failed: a suite that the mirror lacks, lists that could not be updated.
	Notice func(string)
	// Progress is told how far a download is. It is called from one goroutine
	// at a time.
	Progress func(Event)
}

// Event says how far something is. A Total of 0 is not known.
type Event struct {
	What  string // "fetching lists of bookworm", "fetching linux-image-… 6.1.192-2"
	Done  int64  // bytes
	Total int64  // bytes
	Ended bool
}

// DefaultMaxAge gives how long lists are used without asking the mirror.
const DefaultMaxAge = 12 * time.Hour

// Root holds a private apt root: sources, lists, keys and options of its own, in
// a directory per dist. It installs nothing.
type Root struct {
	options Options
	host    *Host
	dir     string // of this mirror and architecture

	mutex    sync.Mutex       // guards what follows, and calls of Notice and Progress
	updated  map[string]error // by dist, those that this Root has tried to update
	noticed  map[string]bool  // sentences that Notice was told
	updating map[string]*sync.Mutex
}

// Open opens the private root in options.Dir, which it makes if missing. It does not use the
// network. Errors are those of [ReadHost].
func Open(ctx context.Context, options Options) (*Root, error) {
	host, err := ReadHost(ctx, options.Mirror)
	if err != nil {
		return nil, err
	}
	return OpenFor(host, options)
}

// OpenFor works like [Open] with a given configuration instead of the host's own.
func OpenFor(host *Host, options Options) (*Root, error) {
	if options.MaxAge == 0 {
		options.MaxAge = DefaultMaxAge
	}
	dir, err := filepath.Abs(options.Dir)
	if err != nil {
		return nil, err
	}
	r := &Root{
		options: options, host: host,
		dir:      filepath.Join(dir, "apt", host.key(), options.Arch),
		updated:  map[string]error{},
		noticed:  map[string]bool{},
		updating: map[string]*sync.Mutex{},
	}
	if err := os.MkdirAll(r.dir, 0o755); err != nil {
		return nil, OnDisk(err)
	}
	if err := r.writeConfig(); err != nil {
		return nil, OnDisk(err)
	}
	return r, nil
}

// key tells apart the roots of different mirrors.
func (h *Host) key() string {
	sum := sha256.Sum256([]byte(strings.Join(append([]string{h.Main, h.Security}, h.Keyrings...),
		"\n")))
	return hex.EncodeToString(sum[:6])
}

// Suite describes a suite whose lists are in the root.
type Suite struct {
	Name string
	root *Root
	have []dist    // the dists that the mirror has
	gone []Package // see [Suite.Without]
}

// Without returns the suite as if it did not have the package, nor the others of its source package
// and version: mirrors lose files that their lists still name, and libraries go with the headers of
// their own version only.
func (s *Suite) Without(p Package) *Suite {
	other := *s
	other.gone = append(slices.Clone(s.gone), p)
	return &other
}

// lacks reports whether the suite is to be seen as if it did not have p. Packages of one source lie
// in one folder of the mirror.
func (s *Suite) lacks(p Package) bool {
	return slices.ContainsFunc(s.gone, func(gone Package) bool {
		return gone.Version == p.Version && path.Dir(gone.URI) == path.Dir(p.URI)
	})
}

// Suite returns the suite of that name, and updates its lists first if they are
// older than [Options.MaxAge].
//
// It returns [ErrUnknownSuite] for a name that is not in [Suites],
// [ErrNotOnMirror] if the mirror has no part of it, [ErrSignature] if a part is
// not signed by a known key, and [ErrNoNetwork] or [ErrOffline] if there are no lists at all.
// Lists that are old because the mirror cannot be reached are used, with a
// notice.
func (r *Root) Suite(ctx context.Context, name string) (*Suite, error) {
	known, ok := findSuite(name)
	if !ok {
		return nil, fmt.Errorf("%w %q; there are %s", ErrUnknownSuite, name,
			strings.Join(Suites(), ", "))
	}
	s := &Suite{Name: name, root: r}
	var missing error
	for i, d := range known.dists {
		err := r.ensure(ctx, d)
		switch {
		case err == nil:
			s.have = append(s.have, d)
		case errors.Is(err, ErrNotOnMirror):
			missing = err
			r.notice(fmt.Sprintf("%s: the mirror does not have %s", name, d.name))
		case i > 0 && (errors.Is(err, ErrCorruptPackage) || errors.Is(err, ErrOffline)):
			// Updates and security: without them the suite is older, not wrong.
			missing = err
			r.notice(fmt.Sprintf("%s goes without %s: %v", name, d.name, err))
		default:
			return nil, fmt.Errorf("suite %s: %w", name, err)
		}
	}
	if len(s.have) == 0 {
		return nil, fmt.Errorf("suite %s: %w", name, missing)
	}
	return s, nil
}

// Update updates the lists of all suites that are older than [Options.MaxAge],
// two at a time. It returns the suites that can be used and, joined, why others
// cannot. Suites that the mirror does not carry are a notice, unless it carries
// none.
func (r *Root) Update(ctx context.Context) ([]*Suite, error) {
	found := make([]*Suite, len(suites))
	failed := make([]error, len(suites))
	var group errgroup.Group
	group.SetLimit(2)
	for i, s := range suites {
		group.Go(func() error {
			found[i], failed[i] = r.Suite(ctx, s.name)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	have := slices.DeleteFunc(found, func(s *Suite) bool { return s == nil })
	if len(have) > 0 {
		failed = slices.DeleteFunc(failed,
			func(err error) bool { return errors.Is(err, ErrNotOnMirror) })
	}
	return have, errors.Join(failed...)
}

func (r *Root) notice(sentence string) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.options.Notice != nil && !r.noticed[sentence] {
		r.noticed[sentence] = true
		r.options.Notice(sentence)
	}
}

func (r *Root) progress(event Event) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.options.Progress != nil {
		r.options.Progress(event)
	}
}
