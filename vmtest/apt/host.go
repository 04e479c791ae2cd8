// SPDX-License-Identifier: Apache-2.0

package apt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Host describes what a private root takes over from the machine's own apt: where
// Debian's archives are, whose signatures are believed, and how files are
// acquired (proxies, timeouts, retries).
type Host struct {
	Main     string   // base URI of the archive, without a slash at its end
	Security string   // base URI of the security archive, or empty
	Keyrings []string // files with the keys that sign both
	Acquire  []string // lines of apt.conf(5)
	Netrc    string   // file with the mirror's passwords, or empty
	NetrcDir string   // directory of such files, or empty
}

// debianKeyrings lists the places where package debian-archive-keyring puts its keys. Newer
// versions have both names.
var debianKeyrings = []string{
	"/usr/share/keyrings/debian-archive-keyring.gpg",
	"/usr/share/keyrings/debian-archive-keyring.pgp",
}

// ReadHost reads the host's apt configuration. If mirror is not empty it
// replaces the host's: the base URI of the archive, and after a comma that of
// the security archive, which is else sought beside it.
//
// It returns [ErrNoMirror] if no mirror is given and the host's apt knows
// none of Debian, and [ErrNotInstalled] if apt is missing.
func ReadHost(ctx context.Context, mirror string) (*Host, error) {
	config, err := dumpConfig(ctx)
	if err != nil {
		return nil, err
	}
	host := &Host{
		Acquire: config.acquire, Netrc: config.existing("NETRC"),
		NetrcDir: config.existing("NETRCPARTS"),
	}
	if mirror != "" {
		host.Main, host.Security, _ = strings.Cut(mirror, ",")
		host.Main, host.Security = strings.TrimRight(host.Main, "/"),
			strings.TrimRight(host.Security, "/")
	}
	sources, err := config.sources()
	if err != nil {
		return nil, err
	}
	if mirror == "" {
		host.Main, host.Security = likeliest(sources, mainArchive),
			likeliest(sources, securityArchive)
	}
	if host.Main == "" {
		return nil,
			fmt.Errorf("%w: the host's apt has no source for a release of Debian; name one with --mirror", ErrNoMirror)
	}
	if host.Security == "" {
		host.Security = securityBeside(host.Main)
	}
	host.readKeyrings(sources)
	if len(host.Keyrings) == 0 {
		host.Keyrings = config.commonKeyrings()
	}
	if len(host.Keyrings) == 0 {
		return nil,
			fmt.Errorf("%w: no keyring to check Debian's signatures with; install debian-archive-keyring", ErrSignature)
	}
	return host, nil
}

// likeliest returns the URI of the host's sources that is Debian's archive, or
// an empty string if there is none.
//
// Other vendors' repositories have suites and components of the same names, but
// no vendor has a release's updates beside the release. A wrong guess is found
// out when the signature is checked.
func likeliest(sources []source, in archive) string {
	var best string
	most := 0
	for _, s := range sources {
		score := 0
		for _, other := range sources {
			if where, ok := archiveOf(other.suite); ok && where == in && other.main &&
				other.uri == s.uri {
				score += 2
			}
		}
		if name := path.Base(s.uri); score > 0 && (name == "debian" || name == "debian-security") {
			score++
		}
		if score > most {
			best, most = s.uri, score
		}
	}
	return best
}

// readKeyrings takes the keyrings that the host checks Debian's archives with,
// and those of package debian-archive-keyring.
func (h *Host) readKeyrings(sources []source) {
	var files []string
	for _, s := range sources {
		if s.uri == h.Main || s.uri == h.Security {
			files = append(files, s.signedBy...)
		}
	}
	for _, file := range append(files, debianKeyrings...) {
		if exists(file) && !slices.Contains(h.Keyrings, file) {
			h.Keyrings = append(h.Keyrings, file)
		}
	}
}

// archiveOf tells which archive of Debian an entry of the host's sources is
// about, by the name of its suite.
func archiveOf(name string) (archive, bool) {
	for _, s := range suites {
		for _, d := range s.dists {
			if d.name == name {
				return d.archive, true
			}
		}
	}
	base, security := strings.CutSuffix(name, "-security")
	for _, suffix := range []string{"-updates", "-backports"} {
		base = strings.TrimSuffix(base, suffix)
	}
	switch base {
	case "oldoldstable", "oldstable", "stable", "testing", "unstable", "forky", "duke":
		if security {
			return securityArchive, true
		}
		return mainArchive, true
	}
	return 0, false
}

// securityBeside returns where a mirror that has both archives keeps the second.
func securityBeside(main string) string { return main + "-security" }

// aptConfig describes the part of the host's configuration that matters here.
type aptConfig struct {
	acquire []string
	paths   map[string]string // of the files in pathOptions, absolute
}

// pathOptions lists the options that apt-config resolves, which knows what they are relative to.
var pathOptions = []string{
	"NETRC", "Dir::Etc::netrc/f", "NETRCPARTS", "Dir::Etc::netrcparts/d",
	"LIST", "Dir::Etc::sourcelist/f", "PARTS", "Dir::Etc::sourceparts/d",
	"TRUSTED", "Dir::Etc::trusted/f", "TRUSTEDPARTS", "Dir::Etc::trustedparts/d",
}

func dumpConfig(ctx context.Context) (*aptConfig, error) {
	dump, err := runConfig(ctx, "dump")
	if err != nil {
		return nil, err
	}
	config := &aptConfig{acquire: acquireOptions(dump), paths: map[string]string{}}
	shell, err := runConfig(ctx, append([]string{"shell"}, pathOptions...)...)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(shell)) {
		name, quoted, _ := strings.Cut(strings.TrimSpace(line), "=")
		config.paths[name] = strings.TrimSuffix(strings.Trim(quoted, "'"), "/")
	}
	return config, nil
}

func runConfig(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "apt-config", args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if errors.Is(err, exec.ErrNotFound) {
		return nil,
			fmt.Errorf("%w: apt-config; packages are fetched with apt, so this needs Debian or a relative of it", ErrNotInstalled)
	}
	if err != nil {
		return nil, explain("apt-config "+args[0], err, stderr.Bytes())
	}
	return out, nil
}

// ours lists the Acquire options that a private root sets by itself, and those
// that would make it believe what is not signed.
var ours = []string{
	"Acquire::AllowDowngradeToInsecureRepositories", "Acquire::AllowInsecureRepositories",
	"Acquire::AllowWeakRepositories",
	"Acquire::Changelogs", "Acquire::GzipIndexes", "Acquire::IndexTargets", "Acquire::Languages",
	"Acquire::PDiffs", "Acquire::cdrom",
}

// acquireOptions picks from the output of apt-config dump, which is itself in
// the format of apt.conf, how the host acquires files.
func acquireOptions(dump []byte) []string {
	var lines []string
	for line := range strings.Lines(string(dump)) {
		line = strings.TrimSpace(line)
		isOurs := slices.ContainsFunc(ours,
			func(prefix string) bool { return strings.HasPrefix(line, prefix) })
		if strings.HasPrefix(line, "Acquire::") && !isOurs {
			lines = append(lines, line)
		}
	}
	return lines
}

// existing returns the path that apt-config gave under name, if it exists.
func (c *aptConfig) existing(name string) string {
	if path := c.paths[name]; path != "" && exists(path) {
		return path
	}
	return ""
}

// sources reads sources.list and the files of sources.list.d.
func (c *aptConfig) sources() ([]source, error) {
	files := []string{c.paths["LIST"]}
	for _, pattern := range []string{"*.list", "*.sources"} {
		more, err := filepath.Glob(filepath.Join(c.paths["PARTS"], pattern))
		if err != nil {
			return nil, err
		}
		files = append(files, more...)
	}
	var all []source
	for _, path := range files {
		some, err := readSources(path)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
		all = append(all, some...)
	}
	return all, nil
}

func readSources(path string) ([]source, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if strings.HasSuffix(path, ".sources") {
		return parseDeb822(file)
	}
	return parseOneLine(file)
}

// commonKeyrings returns the keyrings that the host's apt believes for any source.
func (c *aptConfig) commonKeyrings() []string {
	files := []string{c.paths["TRUSTED"]}
	for _, pattern := range []string{"*.gpg", "*.asc"} {
		// The pattern is well formed, the only error that Glob knows.
		more, _ := filepath.Glob(filepath.Join(c.paths["TRUSTEDPARTS"], pattern))
		files = append(files, more...)
	}
	return slices.DeleteFunc(files, func(file string) bool { return !exists(file) })
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
