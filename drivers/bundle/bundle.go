// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/vmtest/apt"
	"github.com/loadstone-bpf/loadstone/vmtest/arch"
)

// Options say which bundle is wanted, and where things come from.
type Options struct {
	Manifest *loader.Manifest
	Version  string // one of the manifest's; the newest if empty

	// Source is the manifest's folder, for manifests without a Dir.
	Source fs.FS
	// Programs is the folder with the compiled drivers of manifests without a Dir that are Go
	// programs, each named driver-NAME, or driver-NAME-VERSION where a version is a module of its
	// own. That of the running program if empty.
	Programs string

	Cache string    // the cache directory, made if it is not there
	Arch  arch.Arch // of the machine that the driver is for; this machine's if zero

	Mirror  string // of Debian's archive, as in [apt.Options]; the host's if empty
	Refresh bool   // ask the mirror for newer packages, however old the bundle in the cache is
	Offline bool   // fetch nothing: see [apt.ErrOffline]

	// Notice is told, in a sentence, what the user should know though nothing failed.
	Notice func(string)
	// Progress is told how far a download is. It is called from one goroutine at a time.
	Progress func(apt.Event)
}

// Bundle holds a driver and all that it needs.
type Bundle struct {
	Loader  string       `json:"loader"`  // name of the loader under test
	Version string       `json:"version"` // as in its manifest
	Suite   loader.Suite `json:"suite"`

	// argv in the driver's root, to be started in the folder loader.Home
	Command []string `json:"command"`
	Env     []string `json:"env"` // the whole environment, sorted

	Payload string `json:"-"`      // path of the archive on the host
	Digest  string `json:"digest"` // SHA-256 of the archive, in hexadecimal
	Size    int64  `json:"size"`   // of the archive, in bytes

	// Components are the Debian packages that something in the root comes from, name to version.
	Components map[string]string `json:"components"`
}

// Build returns a bundle from the cache, or makes it.
//
// Besides the errors of package apt it returns [ErrUnknownVersion], [ErrNoFile] for a file of the
// manifest that is not there, [ErrNoCommand], [ErrNoStart], [ErrMissingLibrary], which names the
// library and who needs it, [ErrNoCompiler], [ErrCompile], and [ErrOtherVersion] where a suite has
// moved on. Nothing half-made is left in the cache.
func Build(ctx context.Context, options Options) (*Bundle, error) {
	request, err := newRequest(ctx, options)
	if err != nil {
		return nil, err
	}
	store := store{dir: options.Cache}
	unlock, err := store.lock(ctx, request)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if !options.Refresh {
		b, err := store.find(request)
		if b != nil {
			return b, store.touch(request)
		}
		if err != nil {
			request.notice(fmt.Sprintf("%s is made anew: %v", request, err))
		}
	}
	work, err := store.workspace(request)
	if err != nil {
		return nil, err
	}
	defer work.remove()
	t, components, err := request.assemble(ctx, work)
	if err != nil {
		return nil, fmt.Errorf("bundle %s: %w", request, err)
	}
	b, err := work.put(request, t, components)
	if err == nil && request.Manifest.Dir != "" {
		err = store.dropOutdated(request)
	}
	return b, err
}

// Cached returns a bundle that is in the cache, or nil if it is not there whole. It uses neither
// network nor compiler, but for a driver in Go of a user's own, which is part of what is asked for.
// Errors are [ErrUnknownVersion] and [ErrNoFile].
func Cached(ctx context.Context, options Options) (*Bundle, error) {
	request, err := newRequest(ctx, options)
	if err != nil {
		return nil, err
	}
	b, err := store{dir: options.Cache}.find(request)
	if errors.Is(err, ErrAltered) || errors.Is(err, fs.ErrNotExist) {
		return nil, nil // it will be made anew
	}
	return b, err
}

// version returns the version asked for and where it comes from.
func (o Options) version() (string, loader.Suite, error) {
	version := o.Version
	if version == "" {
		version = o.Manifest.Newest()
	}
	suite, ok := o.Manifest.Versions[version]
	if !ok {
		return "", "", fmt.Errorf("%w %s of %s; there are %s", ErrUnknownVersion, version,
			o.Manifest.Name, strings.Join(o.Manifest.Sorted(), ", "))
	}
	return version, suite, nil
}
