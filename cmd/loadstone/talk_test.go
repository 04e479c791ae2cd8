// SPDX-License-Identifier: Apache-2.0

package main

import (
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loadstone-bpf/loadstone/verdict"
)

// answering is a driver in a shell that keeps to the protocol, up to a word that a case replaces.
const answering = `#!/bin/sh
field() { printf '%s\n' "$line" | sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p"; }
answer() { printf '{"seq":%s,%s}\n' "$(field seq)" "$1"; }
PATH=/usr/bin:/bin
opened=
while IFS= read -r line; do
	case $(field op) in
	hello) answer '"ok":{"protocol":1,"loader":{"name":"mine","version":"1.0"}}' ;;
	open)
		case $(field object) in
		*good.o) opened=$(field session); answer '"ok":{"maps":[],"programs":[]}' ;;
		*) answer '"rejected":{"stage":"open","class":"unclassified"}' ;;
		esac ;;
	load | close)
		if [ -n "$opened" ] && [ "$(field session)" = "$opened" ]; then
			answer '"ok":{"maps":[{"name":"counts","id":41}],"programs":[]}'
		else
			answer '"error":{"message":"no such session"}'
		fi ;;
	reset | bye) answer '"ok":{}' ; [ "$(field op)" = bye ] && exit 0 ;;
	*) answer "\"unsupported\":{\"feature\":\"$(field op)\"}" ;;
	esac
done
`

// folderOf makes the folder of a driver in a script, and returns the path of its manifest.
func folderOf(t *testing.T, script string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"driver.sh": script, "good.o": "an object, to this driver",
		"loader.yaml": "name: mine\nversions: {\"1.0\": debian-12}\nspeaks: ndjson\n" +
			"command: [./driver.sh]\npackages: [dash, sed]\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "loader.yaml")
}

// Neither packages nor root are needed: the cache is empty, and the test is offline.
func TestTalkIsTheConversationAlone(t *testing.T) {
	path := folderOf(t, answering)
	good := filepath.Join(filepath.Dir(path), "good.o")
	for _, tt := range []struct {
		args  []string
		wants []string
		not   string
	}{
		{nil, []string{`> {"v":1,"seq":1,"op":"hello"`, "ok    exits after bye"}, "opens the object"},
		{[]string{good}, []string{"ok    opens the object", "ok    closes the object"}, "loads the object"},
		{[]string{good, "--load"}, []string{"ok    loads the object", "map counts has id 41"}, "FAIL"},
	} {
		text, tried, err := loaders(t, passed, append([]string{"talk", path}, tt.args...)...)
		if err != nil || len(tried) > 0 || strings.Contains(text, tt.not) {
			t.Errorf("talk %v: %v, tried %v:\n%s", tt.args, err, tried, text)
		}
		for _, want := range tt.wants {
			if !strings.Contains(text, want) {
				t.Errorf("talk %v: no %q in\n%s", tt.args, want, text)
			}
		}
	}
}

// What an author gets wrong is a line that begins with FAIL and says what to do, and exit code 1.
func TestTalkSaysWhatIsWrong(t *testing.T) {
	for fault, tt := range map[string]struct {
		spoil func(t *testing.T, path string) // the driver's file
		want  string
	}{
		"lines of DOS": {func(t *testing.T, path string) {
			rewrite(t, path, func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") })
		}, "FAIL  driver\n        it cannot be started: "},
		"not executable": {func(t *testing.T, path string) {
			if err := os.Chmod(path, 0o644); err != nil {
				t.Fatal(err)
			}
		}, "chmod +x "},
		"no file": {func(t *testing.T, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}, "no such file to bring along"},
		"no interpreter": {func(t *testing.T, path string) {
			rewrite(t, path, func(s string) string { return "#!/usr/bin/nosuch\n" + s })
		}, "is a script of /usr/bin/nosuch, which this machine does not have"},
		"another architecture": {func(t *testing.T, path string) {
			program, err := os.ReadFile("/bin/true")
			if err != nil {
				t.Fatal(err)
			}
			const machineAt = 18 // in an ELF header, u16
			binary.LittleEndian.PutUint16(program[machineAt:], uint16(elf.EM_AARCH64))
			rewrite(t, path, func(string) string { return string(program) })
		}, "is a program for arm64, and guests are "},
		"an answer that is not flushed": {func(t *testing.T, path string) {
			rewrite(t, path, func(s string) string {
				return strings.Replace(s, "while IFS=", "{ while IFS=", 1) + "} | { all=$(cat); printf '%s\\n' \"$all\"; }\n"
			})
		}, "its answer came when its input was closed: flush stdout after every reply"},
		"another name": {func(t *testing.T, path string) {
			rewrite(t, path, func(s string) string { return strings.Replace(s, `"mine"`, `"yours"`, 1) })
		}, `it says "yours", its manifest "mine"`},
	} {
		t.Run(fault, func(t *testing.T) {
			path := folderOf(t, answering)
			tt.spoil(t, filepath.Join(filepath.Dir(path), "driver.sh"))
			text, _, err := loaders(t, passed, "talk", path, "--deadline", "2s")
			if exitCode(err) != verdict.ExitFailed || !strings.Contains(text, tt.want) ||
				!strings.Contains(text, "FAIL") {
				t.Errorf("%v:\n%s", err, text)
			}
		})
	}
}

func rewrite(t *testing.T, path string, change func(string) string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, []byte(change(string(text))), 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestTalkWithNobody(t *testing.T) {
	path := folderOf(t, answering)
	for _, args := range [][]string{
		{"reference@0.0"}, {"all"}, {path, "/nonexistent.o"}, {path, "--load"}, {"nothing"},
	} {
		if _, _, err := loaders(t, passed, append([]string{"talk"}, args...)...); exitCode(err) !=
			verdict.ExitUsage {
			t.Errorf("talk %v: %v", args, err)
		}
	}
}

// Who names the folder of a manifest is told the manifest.
func TestFolderInPlaceOfAManifest(t *testing.T) {
	dir := filepath.Dir(folderOf(t, answering))
	empty := t.TempDir()
	for _, command := range []string{"talk", "check", "pull"} {
		for name, want := range map[string]string{
			dir:   fmt.Sprintf("%s is a folder: name its manifest, %s/loader.yaml", dir, dir),
			empty: empty + " is a folder, and has no loader.yaml: name the manifest",
		} {
			_, _, err := loaders(t, passed, command, name)
			if exitCode(err) != verdict.ExitUsage || err.Error() != want {
				t.Errorf("%s %s: %v", command, name, err)
			}
		}
	}
}

// A fault that is found while a bundle is made is the author's, as any other.
func TestCheckOfABundleThatCannotBeMade(t *testing.T) {
	for fault, tt := range map[string]struct{ manifest, want string }{
		"no file":      {"command: [./nosuch]", "no such file to bring along: nosuch in"},
		"no C":         {"command: [/driver]\nbuild: {c: driver.sh}", "it does not compile"},
		"no such file": {"command: [./driver.sh]\nfiles: [data]", "no such file to bring along: data"},
		"lines of DOS": {"command: [./dos.sh]", "has the line ends of DOS (CR LF)"},
		"no interpreter": {"command: [./driver.sh]",
			"/bin/sh, which is not in the root: name the package dash in packages"},
	} {
		t.Run(fault, func(t *testing.T) {
			path := folderOf(t, answering)
			dir := filepath.Dir(path)
			for name, text := range map[string]string{
				"loader.yaml": "name: mine\nversions: {\"1.0\": local}\nspeaks: ndjson\n" +
					tt.manifest + "\n",
				"dos.sh": strings.ReplaceAll(answering, "\n", "\r\n"),
			} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			text, tried, err := loaders(t, passed, "check", path)
			if exitCode(err) != verdict.ExitFailed || !strings.Contains(text, "FAIL  bundle\n") ||
				!strings.Contains(text, tt.want) || len(tried) > 0 {
				t.Errorf("%v, tried %v:\n%s", err, tried, text)
			}
		})
	}
}

// A kernel that is not there costs no time: nothing else was looked at.
func TestCheckLooksAtTheKernelFirst(t *testing.T) {
	text, tried, err := loaders(t, passed, "check", "--kernel", "none", folderOf(t, answering))
	if exitCode(err) != verdict.ExitUsage || text != "" || len(tried) > 0 ||
		!strings.HasPrefix(err.Error(), "--kernel: unknown kernel") {
		t.Errorf("%v, tried %v:\n%s", err, tried, text)
	}
}
