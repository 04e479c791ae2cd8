// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/loadstone-bpf/loadstone/vmtest/apt"
	"github.com/loadstone-bpf/loadstone/vmtest/arch"
	"github.com/loadstone-bpf/loadstone/vmtest/flock"
	"github.com/loadstone-bpf/loadstone/vmtest/wholefile"
)

// Options say where kernels are kept and where they come from.
type Options struct {
	Cache  string // directory; [DefaultCache] if empty
	Mirror string // as in [apt.Options]; the host's own if empty
	Arch   string // Debian's name; that of [arch.Default] if empty

	Offline  bool            // use only what the cache has, and lists as they are
	Refresh  bool            // ask the mirror for its lists, however young they are
	Notice   func(string)    // told, in a sentence, what the user should know; may be nil
	Progress func(apt.Event) // told how far downloads are; may be nil
}

// DefaultCache returns $XDG_CACHE_HOME/loadstone, or .cache/loadstone in the
// home directory.
func DefaultCache() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("where to keep kernels: %w; name a directory with --cache", err)
	}
	return filepath.Join(dir, "loadstone"), nil
}

// Store keeps kernels in a cache directory and gets those that are not there.
// Several processes may use one directory. A Store is for one goroutine.
type Store struct {
	options Options
	dir     string // of the kernels of one architecture
	source  source
}

// Open returns the store in options.Cache. It uses neither network nor disk.
func Open(options Options) (*Store, error) {
	if options.Arch == "" {
		options.Arch = arch.Default().Debian
	}
	if options.Cache == "" {
		dir, err := DefaultCache()
		if err != nil {
			return nil, err
		}
		options.Cache = dir
	}
	cache, err := filepath.Abs(options.Cache)
	if err != nil {
		return nil, err
	}
	source, err := newDebian(apt.Options{
		Dir: cache, Mirror: options.Mirror, Arch: options.Arch,
		Offline: options.Offline, Refresh: options.Refresh, Notice: options.Notice,
		Progress: options.Progress,
	})
	if err != nil {
		return nil, err
	}
	return &Store{
		options: options, dir: filepath.Join(cache, "kernels", options.Arch), source: source,
	}, nil
}

// imageFile names a boot image in the cache, whatever its package calls it.
const imageFile = "vmlinuz"

// key returns the name of a kernel's directory.
func (o Offer) key() string { return o.Release + "_" + string(o.Version) }

func (s *Store) path(key string) string { return filepath.Join(s.dir, key) }

func (s *Store) notice(format string, args ...any) {
	if s.options.Notice != nil {
		s.options.Notice(fmt.Sprintf(format, args...))
	}
}

func (s *Store) progress(what string) {
	if s.options.Progress != nil {
		s.options.Progress(apt.Event{What: what})
	}
}

// List returns every kernel that can be had, by series and from new to old. If
// suites cannot be looked at it returns what else there is, and why.
func (s *Store) List(ctx context.Context) ([]Offer, error) {
	offers, failed := s.source.offers(ctx)
	cached, err := s.cached()
	if err != nil {
		return nil, err
	}
	for i, o := range offers {
		if at, have := cached[o.key()]; have {
			offers[i].Cached, offers[i].Suite = true, at.Suite
		}
	}
	// A version that is both in a release and in its updates is offered twice.
	sortOffers(offers)
	offers = slices.CompactFunc(offers, func(a, b Offer) bool { return a.key() == b.key() })
	for key, m := range cached {
		if !slices.ContainsFunc(offers, func(o Offer) bool { return o.key() == key }) {
			offers = append(offers,
				Offer{Series: m.Series, Release: m.Release, Version: m.Version, Suite: m.Suite, Cached: true, Gone: true})
		}
	}
	sortOffers(offers)
	markDefaults(offers)
	return offers, failed
}

// cached returns the manifests of the kernels in the cache, by their key.
// Directories that are not those of a whole kernel are passed over.
func (s *Store) cached() (map[string]*manifest, error) {
	found := map[string]*manifest{}
	for _, key := range subdirs(s.dir) {
		m, err := readManifest(s.path(key))
		switch {
		case errors.Is(err, errNoManifest):
		case errors.Is(err, ErrCorrupt):
			s.notice("%v; loadstone kernels pull fetches it anew", err)
		case err != nil:
			return nil, err
		default:
			found[key] = m
		}
	}
	return found, nil
}

// Get returns the kernel of a name: a series ("6.12"), an exact version
// ("6.12@6.12.117-1"), a path as in [Local], with a label to name it by or without
// ("mine=./bzImage"), or "native". What is not in the cache is fetched.
//
// It returns [ErrUnknownKernel] for a series or version that is not available, the errors of
// [Local] for a path, and those of package apt for what goes wrong on the way. A kernel in the
// cache that was altered is fetched anew; [ErrCorrupt] is returned if it cannot be. With
// [Options.Offline] the newest of a series is the newest that the cache has, and what would have to
// be fetched is [apt.ErrOffline].
func (s *Store) Get(ctx context.Context, name string) (*Kernel, error) {
	label, path, isLabelled := labelled(name)
	switch {
	case name == string(Native):
		return Running(s.options.Arch)
	case isLabelled:
		k, err := Local(path, s.options.Arch)
		if err != nil {
			return nil, err
		}
		k.Name, k.Given, k.Path = label, name, label+"="+k.Path
		return k, nil
	case looksLikePath(name):
		return Local(name, s.options.Arch)
	}
	series, version, pinned := strings.Cut(name, "@")
	if seriesOf().FindString(series) != series || pinned && version == "" {
		if exists(name) {
			return Local("./"+name, s.options.Arch)
		}
		return nil,
			fmt.Errorf("%w %q: a kernel is a series as 6.12, an exact version as 6.12@6.12.117-1, a path, or native", ErrUnknownKernel, name)
	}
	k, err := s.get(ctx, series, apt.Version(version))
	if errors.Is(err, apt.ErrNotOnMirror) && !s.options.Offline {
		k, err = s.getRefreshed(ctx, series, apt.Version(version))
	}
	if err != nil {
		return nil, fmt.Errorf("kernel %s: %w", name, err)
	}
	k.Name = series
	return k, nil
}

// getRefreshed gets a kernel when the mirror lacks what its lists have: either they are older than
// it, or it is still being filled. Then the next older stored version is used, unless one
// was asked for exactly.
func (s *Store) getRefreshed(
	ctx context.Context, series string, version apt.Version,
) (*Kernel, error) {
	if err := s.source.refresh(ctx); err != nil {
		return nil, err
	}
	var lacking []string
	var last error
	for {
		o, err := s.resolve(ctx, series, version, lacking...)
		if err != nil {
			return nil, cmp.Or(last, err)
		}
		k, err := s.take(ctx, o)
		if !errors.Is(err, apt.ErrNotOnMirror) || version != "" {
			return k, err
		}
		s.notice("%s %s is in the mirror's lists, and not on the mirror: taking the one before",
			series, o.Version)
		lacking, last = append(lacking, o.key()), err
	}
}

func (s *Store) get(ctx context.Context, series string, version apt.Version) (*Kernel, error) {
	o, err := s.resolve(ctx, series, version)
	if err != nil {
		return nil, err
	}
	return s.take(ctx, o)
}

// take returns the kernel of an offer, from the cache if it is whole there.
func (s *Store) take(ctx context.Context, o Offer) (*Kernel, error) {
	if o.Cached {
		k, err := s.open(o.key())
		if errors.Is(err, ErrCorrupt) && s.options.Offline {
			return nil, fmt.Errorf("%w; %w", err, s.offline(o))
		}
		if err == nil || o.Gone || !errors.Is(err, ErrCorrupt) {
			return k, corrupted(err, s.path(o.key()))
		}
		s.notice("%v; fetching it anew", err)
	}
	if s.options.Offline {
		return nil, s.offline(o)
	}
	return s.pull(ctx, o)
}

// offline returns the error about a kernel that would have to be fetched.
func (s *Store) offline(o Offer) error {
	return fmt.Errorf("%s: %w; loadstone kernels pull %s@%s, without --offline, fetches it", o.Version,
		apt.ErrOffline, o.Series, o.Version)
}

// corrupted adds what to do about a file that cannot be fetched anew.
func corrupted(err error, dir string) error {
	if errors.Is(err, ErrCorrupt) {
		return fmt.Errorf("%w; the mirror no longer has this version: remove %s and take another",
			err, dir)
	}
	return err
}

// resolve finds the newest kernel of a series, or that of an exact version. An
// exact version that is in the cache needs no lists. The keys are those of
// offers to pass over.
func (s *Store) resolve(
	ctx context.Context, series string, version apt.Version, lacking ...string,
) (Offer, error) {
	if version != "" {
		cached, err := s.cached()
		if err != nil {
			return Offer{}, err
		}
		for _, m := range cached {
			if m.Series == series && m.Version == version {
				return s.offerOf(ctx, m), nil
			}
		}
	}
	offers, failed := s.List(ctx)
	if s.options.Offline && slices.ContainsFunc(offers, func(o Offer) bool {
		return o.Cached && o.Series == series && (version == "" || o.Version == version)
	}) {
		// What the lists have beside it would have to be fetched.
		offers = slices.DeleteFunc(offers, func(o Offer) bool { return !o.Cached })
	}
	offers = slices.DeleteFunc(offers,
		func(o Offer) bool { return slices.Contains(lacking, o.key()) })
	for _, o := range offers {
		if o.Series == series &&
			(version == "" && (!o.Gone || failed != nil) || o.Version == version) {
			if failed != nil {
				s.notice("%s is %s, the newest that is known, as not all suites could be looked at: %v", series, o.Version, failed)
			}
			return o, nil
		}
	}
	// Of a series that no suite has any more, the cache may have one.
	for _, o := range offers {
		if o.Series == series && version == "" {
			return o, nil
		}
	}
	if failed != nil {
		return Offer{}, failed
	}
	return Offer{}, fmt.Errorf("%w: there are %s", ErrUnknownKernel, choices(offers, series))
}

// offerOf returns the offer of a kernel in the cache. Whether a mirror still has it is asked only
// if needed.
func (s *Store) offerOf(ctx context.Context, m *manifest) Offer {
	o := Offer{
		Series: m.Series, Release: m.Release, Version: m.Version, Suite: m.Suite, Cached: true,
		Gone: true,
	}
	if m.verify(s.path(o.key())) == nil {
		return o
	}
	offers, err := s.source.offers(ctx)
	if err != nil {
		s.notice("%v", err)
	}
	for _, again := range offers {
		if again.key() == o.key() {
			again.Cached = true
			return again
		}
	}
	return o
}

// choices lists what there is: the versions of the series, or all series.
func choices(offers []Offer, series string) string {
	var versions, all []string
	for _, o := range offers {
		if o.Series == series {
			versions = append(versions, fmt.Sprintf("%s@%s", o.Series, o.Version))
		}
		all = append(all, o.Series)
	}
	if len(versions) > 0 {
		return strings.Join(versions, ", ")
	}
	if len(all) == 0 {
		return "none"
	}
	return strings.Join(slices.Compact(all), ", ")
}

// open returns the kernel of that key after checking its files.
func (s *Store) open(key string) (*Kernel, error) {
	dir := s.path(key)
	m, err := readManifest(dir)
	if errors.Is(err, errNoManifest) {
		return nil, fmt.Errorf("%s: %w: it has no manifest", dir, ErrCorrupt)
	}
	if err != nil {
		return nil, err
	}
	if err := m.verify(dir); err != nil {
		return nil, err
	}
	return &Kernel{
		Name: m.Series, Series: m.Series, Release: m.Release, Version: string(m.Version),
		Suite:  m.Suite,
		Origin: FromDebian, Arch: m.Arch, Digest: m.Digest,
		Image: filepath.Join(dir, imageFile), Config: filepath.Join(dir, "config"),
		ModulesDir: filepath.Join(dir, "lib", "modules", m.Release),
	}, nil
}

// pull fetches a kernel into the cache, unless another process does so first.
func (s *Store) pull(ctx context.Context, o Offer) (*Kernel, error) {
	lock, err := flock.Wait(ctx, s.lockPath(o.key()), flock.Exclusive)
	if err != nil {
		return nil, apt.OnDisk(err)
	}
	defer lock.Unlock()
	k, err := s.open(o.key())
	if err == nil {
		return k, nil
	}
	if !errors.Is(err, ErrCorrupt) {
		return nil, err
	}
	// The lock is ours, so the process that left these is dead.
	if err := s.removeTemporary(o.key()); err != nil {
		return nil, err
	}
	temporary, err := os.MkdirTemp(s.temporary(), o.key()+".")
	if err != nil {
		return nil, apt.OnDisk(err)
	}
	defer os.RemoveAll(temporary)
	if err := s.build(ctx, o, temporary); err != nil {
		return nil, apt.OnDisk(err)
	}
	if err := s.install(o.key(), temporary); err != nil {
		return nil, apt.OnDisk(err)
	}
	return s.open(o.key())
}

// build makes a kernel's directory of an offer, in temporary/kernel.
func (s *Store) build(ctx context.Context, o Offer, temporary string) error {
	if err := s.source.fetch(ctx, o, temporary); err != nil {
		return err
	}
	s.progress("checking image and modules of " + o.Release)
	dir := filepath.Join(temporary, "kernel")
	a, err := arch.Describe(s.options.Arch)
	if err != nil {
		return err
	}
	if err := moveIn(filepath.Join(temporary, "root"), dir, o.Release, a); err != nil {
		return fmt.Errorf("package of %s: %w", o.Release, err)
	}
	image, err := ReadImage(filepath.Join(dir, imageFile), s.options.Arch)
	if err != nil {
		return fmt.Errorf("%w: %s", ErrCorrupt, err)
	}
	if image.Release != o.Release {
		return fmt.Errorf("package of %s: %w: its image is %s", o.Release, ErrCorrupt,
			image.Release)
	}
	if err := writeModulesDep(filepath.Join(dir, "lib", "modules", o.Release),
		o.Release); err != nil {
		return err
	}
	return writeManifest(dir, s.options.Arch, o)
}

// writeModulesDep does what the package's postinst would have depmod do.
func writeModulesDep(dir, release string) error {
	modules, err := ReadModules(dir, release)
	if err != nil {
		return err
	}
	text := &strings.Builder{}
	if err := modules.WriteDep(text); err != nil {
		return err
	}
	return wholefile.Write(filepath.Join(dir, "modules.dep"), []byte(text.String()), 0o644)
}

func writeManifest(dir, architecture string, o Offer) error {
	m, err := newManifest(dir, architecture, o)
	if err != nil {
		return err
	}
	data, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return err
	}
	return wholefile.Write(filepath.Join(dir, manifestFile), data, 0o644)
}

// install moves a finished kernel into place. An altered one in that place is moved away first; a
// kill in between leaves none, which the next run mends.
func (s *Store) install(key, temporary string) error {
	if exists(s.path(key)) {
		if err := os.Rename(s.path(key), filepath.Join(temporary, "altered")); err != nil {
			return err
		}
	}
	return os.Rename(filepath.Join(temporary, "kernel"), s.path(key))
}
