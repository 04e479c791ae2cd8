// SPDX-License-Identifier: Apache-2.0

package apt

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// Errors that this package returns, wrapped with what was being done and what
// can be done about it. Only those marked so are the caller's fault.
var (
	ErrNoMirror      = errors.New("no Debian mirror is configured") // caller's fault
	ErrUnknownSuite  = errors.New("unknown suite")                  // caller's fault
	ErrNoSuchPackage = errors.New("no such package")                // caller's fault
	// the mirror dropped or never had it
	ErrNotOnMirror = errors.New("not on the mirror")
	ErrNoNetwork   = errors.New("mirror cannot be reached") //
	// [Options.Offline]: nothing was asked of the mirror
	ErrOffline   = errors.New("not in the cache, and offline nothing is fetched")
	ErrSignature = errors.New("signature cannot be verified") //
	// truncated or altered
	ErrCorruptPackage = errors.New("package is not what the mirror's list says")
	ErrDiskFull       = errors.New("no space left on device") //
	// apt, dpkg-deb or gpgv
	ErrNotInstalled = errors.New("a program is not installed")
)

// faults maps what apt, its methods and dpkg-deb print in the C locale to the
// errors above. The first match wins, so the cause stands before its effects:
// an index that could not be written is also one that "failed to download".
var faults = []struct {
	says string
	err  error
}{
	{"No space left on device", ErrDiskFull},
	{"Wrote only", ErrDiskFull}, // tar, of a write that the disk had no room for
	{"NO_PUBKEY", ErrSignature},
	{"EXPKEYSIG", ErrSignature},
	{"BADSIG", ErrSignature},
	{"is not signed", ErrSignature},
	{"no longer signed", ErrSignature},
	{"invalid signature", ErrSignature},
	{"Clearsigned file isn't valid", ErrSignature},
	{"signature verification", ErrSignature},
	{"signatures couldn't be verified", ErrSignature},
	{"signatures were invalid", ErrSignature},
	{"Please install the debian-archive-keyring", ErrSignature},
	{"Couldn't execute /usr/bin/gpgv", ErrNotInstalled},
	{"Hash Sum mismatch", ErrCorruptPackage},
	{"File has unexpected size", ErrCorruptPackage},
	{"Unable to parse package file", ErrCorruptPackage},
	{"unexpected end of file", ErrCorruptPackage},
	{"not a Debian format archive", ErrCorruptPackage},
	{"is not a debian format archive", ErrCorruptPackage},
	{"lzma error", ErrCorruptPackage},
	{"zstd error", ErrCorruptPackage},
	{"Could not resolve", ErrNoNetwork},
	{"Temporary failure resolving", ErrNoNetwork},
	{"Could not connect", ErrNoNetwork},
	{"Unable to connect", ErrNoNetwork},
	{"Cannot initiate the connection", ErrNoNetwork},
	{"Connection failed", ErrNoNetwork},
	{"Connection timed out", ErrNoNetwork},
	{"connection timed out", ErrNoNetwork},
	{"Network is unreachable", ErrNoNetwork},
	{"Error reading from server", ErrNoNetwork},
	{"does not have a Release file", ErrNotOnMirror},
	{"404  ", ErrNotOnMirror},
	{"File not found", ErrNotOnMirror},
}

// Error describes a run of apt or dpkg-deb that went wrong. It wraps one of this package's errors
// where the output is understood.
type Error struct {
	What string   // what was being done, "update of bookworm"
	Err  error    // one of the errors above, or that of the process
	Said []string // the E: and W: lines of the program, without those letters
	Do   string   // what the user can do, or empty
}

func (e *Error) Error() string {
	text := fmt.Sprintf("%s: %v", e.What, e.Err)
	if len(e.Said) > 0 {
		text += " (" + strings.Join(e.Said, "; ") + ")"
	}
	if e.Do != "" {
		text += "; " + e.Do
	}
	return text
}

func (e *Error) Unwrap() error { return e.Err }

// remedies say what to do about an error; %s is the file or suite it is about.
var remedies = map[error]string{
	ErrOffline:        "run once without --offline, where there is a mirror",
	ErrSignature:      "a newer debian-archive-keyring may know the key, and a mirror signed by others needs its own keyring",
	ErrCorruptPackage: "a proxy or mirror may be handing out an old or damaged copy: try again, or name another with --mirror",
	ErrNoNetwork:      "check network and proxy, or name another mirror with --mirror",
	ErrDiskFull:       "free some space, or name another place with --cache",
	ErrNotOnMirror:    "the lists may be older than the mirror, or the mirror may not carry it: refresh, or name another with --mirror",
}

// offline returns the error about what would have to be fetched.
func offline(what string) error {
	return fmt.Errorf("%s: %w; %s", what, ErrOffline, remedies[ErrOffline])
}

// OnDisk returns err, as one that wraps [ErrDiskFull] and says what to do if there
// was no space for what was written to the cache.
func OnDisk(err error) error {
	if errors.Is(err, ErrDiskFull) {
		return err
	}
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
		return fmt.Errorf("%w: %w; %s", ErrDiskFull, err, remedies[ErrDiskFull])
	}
	return err
}

// explain turns the failure of a program and what it printed into an [Error].
func explain(what string, err error, output []byte) error {
	e := &Error{What: what, Err: err, Said: complaints(output)}
	if errors.Is(err, unix.ENOSPC) {
		e.Err = ErrDiskFull
	}
	for _, fault := range faults {
		if bytes.Contains(output, []byte(fault.says)) {
			e.Err = fault.err
			break
		}
	}
	e.Do = remedies[e.Err]
	return e
}

// complaints keeps the lines that say what went wrong, each once, and no more
// of them than a reader wants to see.
func complaints(output []byte) []string {
	const most = 4
	var all []string
	seen := map[string]bool{}
	for line := range strings.Lines(string(output)) {
		line = strings.TrimSpace(line)
		text, isError := strings.CutPrefix(line, "E: ")
		if !isError {
			text, isError = strings.CutPrefix(line, "dpkg-deb: error: ")
		}
		if !isError {
			text, isError = strings.CutPrefix(line, "W: ")
		}
		if isError && !seen[text] && len(all) < most {
			seen[text] = true
			all = append(all, text)
		}
	}
	return all
}
