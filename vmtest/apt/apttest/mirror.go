// SPDX-License-Identifier: Apache-2.0

package apttest

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/loadstone-bpf/loadstone/vmtest/apt"
)

// Mirror describes a mirror with both archives. Put packages into it, then [Mirror.Publish].
type Mirror struct {
	t      testing.TB
	dir    string
	server *httptest.Server
	Key    *Key // signs what has no key of its own

	mutex    sync.Mutex
	requests map[string]int
	before   func(path string)
	packages map[string][]string // stanzas, by dist
}

// NewMirror starts an empty mirror, which ends with the test.
func NewMirror(t testing.TB) *Mirror {
	t.Helper()
	m := &Mirror{
		t: t, dir: t.TempDir(), Key: mirrorKey(t), requests: map[string]int{},
		packages: map[string][]string{},
	}
	files := http.FileServer(http.Dir(m.dir))
	m.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.mutex.Lock()
		m.requests[r.URL.Path]++
		before := m.before
		m.mutex.Unlock()
		if before != nil {
			before(r.URL.Path)
		}
		// What a test alters must not be answered with "not modified".
		r.Header.Del("If-Modified-Since")
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(m.server.Close)
	return m
}

// mirrorKey returns the key of all mirrors: making one takes long.
func mirrorKey(t testing.TB) *Key {
	makeKey.Do(func() { sharedKey = NewKey(t) })
	return sharedKey
}

var (
	makeKey   sync.Once
	sharedKey *Key
)

// Close ends the mirror before the test does: nothing answers any more.
func (m *Mirror) Close() { m.server.Close() }

// Before has a function called before each request is answered. Several may run
// at once.
func (m *Mirror) Before(do func(path string)) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.before = do
}

// Requests returns how often the mirror was asked for a path.
func (m *Mirror) Requests(path string) int {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.requests[path]
}

// Host returns the configuration of a machine that uses the mirror and believes its
// key.
func (m *Mirror) Host() *apt.Host {
	m.t.Helper()
	keyring := filepath.Join(m.t.TempDir(), "keyring.gpg")
	m.write(keyring, m.Key.Keyring(m.t))
	return &apt.Host{
		Main: m.server.URL + "/debian", Security: m.server.URL + "/debian-security",
		Keyrings: []string{keyring},
		// A proxy of the machine's environment has no business here, and what
		// fails is meant to.
		Acquire: []string{`Acquire::http::Proxy "DIRECT";`, `Acquire::Retries "0";`},
	}
}

// ConfigureHost makes the mirror that of the machine's own apt, as far as this
// process and the test can see.
func (m *Mirror) ConfigureHost(t *testing.T) {
	t.Helper()
	host, dir := m.Host(), t.TempDir()
	line := "deb [signed-by=%s] %s %s main\n"
	sources := fmt.Sprintf(line+line, host.Keyrings[0], host.Main, "bookworm", host.Keyrings[0],
		host.Security, "bookworm-security")
	m.write(filepath.Join(dir, "sources.list"), []byte(sources))
	config := fmt.Sprintf("Dir::Etc::sourcelist \"%s/sources.list\";\nDir::Etc::sourceparts \"/dev/null\";\n%s\n", dir, strings.Join(host.Acquire, "\n"))
	m.write(filepath.Join(dir, "apt.conf"), []byte(config))
	t.Setenv("APT_CONFIG", filepath.Join(dir, "apt.conf"))
}

// Path returns where the file of a URL path of the mirror is.
func (m *Mirror) Path(path string) string { return filepath.Join(m.dir, path) }

func archiveOf(dist string) string {
	if strings.HasSuffix(dist, "-security") {
		return "debian-security"
	}
	return "debian"
}

// Add builds a package and puts it into a dist. Fields are the lines of its
// control file beside Package, Version, Architecture, Maintainer and
// Description; files are by their path below /. It returns the path of the
// .deb for [Mirror.Path].
func (m *Mirror) Add(dist, name, version, fields string, files map[string]string) string {
	m.t.Helper()
	tree := m.t.TempDir()
	control := fmt.Sprintf("Package: %s\nVersion: %s\nArchitecture: amd64\nMaintainer: nobody <nobody@localhost>\n%sDescription: test\n", name, version, fields)
	m.write(filepath.Join(tree, "DEBIAN", "control"), []byte(control))
	for path, content := range files {
		m.write(filepath.Join(tree, path), []byte(content))
	}
	for _, script := range []string{"preinst", "postinst"} {
		if path := filepath.Join(tree, "DEBIAN", script); exists(path) {
			if err := os.Chmod(path, 0o755); err != nil {
				m.t.Fatal(err)
			}
		}
	}
	file := fmt.Sprintf("pool/%s_%s_amd64.deb", name, version)
	path := "/" + archiveOf(dist) + "/" + file
	m.mkdir(filepath.Dir(m.Path(path)))
	if out, err := exec.Command("dpkg-deb", "--root-owner-group", "-Znone", "--build", tree,
		m.Path(path)).CombinedOutput(); err != nil {
		m.t.Fatalf("dpkg-deb: %v\n%s", err, out)
	}
	data := m.read(m.Path(path))
	stanza := fmt.Sprintf("%sFilename: %s\nSize: %d\nSHA256: %x\n", control, file, len(data),
		sha256.Sum256(data))
	m.packages[dist] = append(m.packages[dist], stanza)
	return path
}

// Publish writes and signs the lists of dists. With no key it is the mirror's.
func (m *Mirror) Publish(key *Key, dists ...string) {
	m.t.Helper()
	if key == nil {
		key = m.Key
	}
	for _, dist := range dists {
		root := m.Path("/" + archiveOf(dist) + "/dists/" + dist)
		list := []byte(strings.Join(m.packages[dist], "\n"))
		m.write(filepath.Join(root, "main/binary-amd64/Packages"), list)
		release := fmt.Sprintf("Origin: Debian\nSuite: %s\nCodename: %s\nDate: Thu, 01 Jan 2026 00:00:00 UTC\nArchitectures: amd64\nComponents: main\nSHA256:\n %x %d main/binary-amd64/Packages\n",
			dist, dist, sha256.Sum256(list), len(list))
		m.write(filepath.Join(root, "InRelease"), []byte(key.clearsign(m.t, release)))
	}
}

func (m *Mirror) write(path string, data []byte) {
	m.t.Helper()
	m.mkdir(filepath.Dir(path))
	if err := os.WriteFile(path, data, 0o644); err != nil {
		m.t.Fatal(err)
	}
}

func (m *Mirror) mkdir(dir string) {
	m.t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		m.t.Fatal(err)
	}
}

func (m *Mirror) read(path string) []byte {
	m.t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		m.t.Fatal(err)
	}
	return data
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
