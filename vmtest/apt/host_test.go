// SPDX-License-Identifier: Apache-2.0

package apt

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOneLineSources(t *testing.T) {
	got, err := parseOneLine(strings.NewReader(`
# deb http://commented.example/debian bookworm main
deb http://mirror.example/debian/ bookworm main contrib # a comment
deb-src http://mirror.example/debian bookworm main
deb [arch=amd64 signed-by=/usr/share/keyrings/a.gpg,/b.gpg] https://mirror.example/debian-security bookworm-security main
deb http://flat.example/ ./
`))
	want := []source{
		{uri: "http://mirror.example/debian", suite: "bookworm", main: true},
		{uri: "https://mirror.example/debian-security", suite: "bookworm-security", main: true, signedBy: []string{"/usr/share/keyrings/a.gpg", "/b.gpg"}},
		{uri: "http://flat.example", suite: "./"},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(source{})); diff != "" || err != nil {
		t.Errorf("error %v, sources (-want +got):\n%s", err, diff)
	}
}

func TestDeb822Sources(t *testing.T) {
	got, err := parseDeb822(strings.NewReader(`Types: deb deb-src
# a comment
URIs: http://mirror.example/debian
Suites: bookworm
 bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/a.gpg

Enabled: no
Types: deb
URIs: http://disabled.example/debian
Suites: bookworm
Components: main

Types: deb-src
URIs: http://source.example/debian
Suites: bookworm
Components: main

Types: deb
URIs: http://inline.example/debian
Suites: trixie
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 /notafile
 -----END PGP PUBLIC KEY BLOCK-----
`))
	want := []source{
		{uri: "http://mirror.example/debian", suite: "bookworm", main: true, signedBy: []string{"/usr/share/keyrings/a.gpg"}},
		{uri: "http://mirror.example/debian", suite: "bookworm-updates", main: true, signedBy: []string{"/usr/share/keyrings/a.gpg"}},
		{uri: "http://inline.example/debian", suite: "trixie", main: true},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(source{})); diff != "" || err != nil {
		t.Errorf("error %v, sources (-want +got):\n%s", err, diff)
	}
}

func TestSourcesThatAreNone(t *testing.T) {
	for _, text := range []string{
		"deb [arch=amd64 http://mirror.example/debian bookworm main",
		"deb http://mirror.example/debian",
	} {
		if got, err := parseOneLine(strings.NewReader(text)); err == nil {
			t.Errorf("%q gave %v", text, got)
		}
	}
	if got, err := parseDeb822(strings.NewReader("Types deb\n")); err == nil {
		t.Errorf("a line without a colon gave %v", got)
	}
}

func TestMirrorIsDebiansAndNotAnotherVendors(t *testing.T) {
	debian := []source{
		{uri: "http://mirror.example/debian", suite: "bookworm", main: true},
		{uri: "http://mirror.example/debian", suite: "bookworm-updates", main: true},
		{uri: "http://mirror.example/debian-security", suite: "bookworm-security", main: true},
	}
	for _, c := range []struct {
		name           string
		sources        []source
		main, security string
	}{
		{"Debian alone", debian, "http://mirror.example/debian", "http://mirror.example/debian-security"},
		{"after a vendor with the same suite and component", append([]source{{uri: "http://vendor.example/debian/12/prod", suite: "bookworm", main: true}}, debian...), "http://mirror.example/debian", "http://mirror.example/debian-security"},
		{"after a vendor with the same path", append([]source{{uri: "http://vendor.example/linux/debian", suite: "bookworm"}}, debian...), "http://mirror.example/debian", "http://mirror.example/debian-security"},
		{"one suite of each", []source{{uri: "http://vendor.example/x", suite: "trixie", main: true}, {uri: "http://mirror.example/debian", suite: "trixie", main: true}}, "http://mirror.example/debian", ""},
		{"by the name of its state", []source{{uri: "http://mirror.example/d", suite: "stable", main: true}, {uri: "http://mirror.example/s", suite: "stable-security", main: true}}, "http://mirror.example/d", "http://mirror.example/s"},
		{"another distribution", []source{{uri: "http://ubuntu.example/ubuntu", suite: "noble", main: true}}, "", ""},
	} {
		if got := likeliest(c.sources, mainArchive); got != c.main {
			t.Errorf("%s: main archive %q, want %q", c.name, got, c.main)
		}
		if got := likeliest(c.sources, securityArchive); got != c.security {
			t.Errorf("%s: security archive %q, want %q", c.name, got, c.security)
		}
	}
}

func TestAcquireOptionsAreTheHostsButForTrust(t *testing.T) {
	got := acquireOptions([]byte(`APT "";
Acquire "";
Acquire::http "";
Acquire::http::Proxy "http://proxy.example:3128";
Acquire::Retries "7";
Acquire::AllowInsecureRepositories "1";
Acquire::AllowWeakRepositories "1";
Acquire::AllowDowngradeToInsecureRepositories "1";
Acquire::Languages:: "de";
Acquire::IndexTargets::deb::Packages::Optional "0";
Dir::Bin::solvers:: "/usr/lib/apt/solvers";
`))
	want := []string{
		`Acquire::http "";`, `Acquire::http::Proxy "http://proxy.example:3128";`,
		`Acquire::Retries "7";`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("options (-want +got):\n%s", diff)
	}
}

func TestHostOfThisMachine(t *testing.T) {
	host, err := ReadHost(t.Context(),
		"http://mirror.example/debian/,http://mirror.example/security/")
	if err != nil {
		t.Fatal(err)
	}
	if host.Main != "http://mirror.example/debian" ||
		host.Security != "http://mirror.example/security" || len(host.Keyrings) == 0 {
		t.Errorf("host %+v", host)
	}
	host, err = ReadHost(t.Context(), "http://mirror.example/debian")
	if err != nil || host.Security != "http://mirror.example/debian-security" {
		t.Errorf("host %+v, %v", host, err)
	}
}

func TestHostWithoutApt(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := ReadHost(t.Context(), "")
	if err == nil || !strings.Contains(err.Error(), ErrNotInstalled.Error()) {
		t.Errorf("error %v", err)
	}
}

func TestHostWithoutDebianInItsSources(t *testing.T) {
	config := t.TempDir() + "/apt.conf"
	if err := updateFile(config,
		[]byte("Dir::Etc::sourcelist \"/dev/null\";\nDir::Etc::sourceparts \"/dev/null\";\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("APT_CONFIG", config)
	_, err := ReadHost(t.Context(), "")
	if err == nil || !strings.Contains(err.Error(), "--mirror") {
		t.Errorf("error %v", err)
	}
}

func FuzzSources(f *testing.F) {
	f.Add("deb [a=b] http://mirror.example/debian bookworm main\n")
	f.Add("Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm\nSigned-By: /a\n b\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, parse := range []func(string) ([]source, error){
			func(s string) ([]source, error) { return parseOneLine(strings.NewReader(s)) },
			func(s string) ([]source, error) { return parseDeb822(strings.NewReader(s)) },
		} {
			all, err := parse(text)
			for _, s := range all {
				if err == nil && s.suite == "" {
					t.Errorf("a source without a suite: %+v", s)
				}
			}
		}
	})
}
