// SPDX-License-Identifier: Apache-2.0

package libbpf

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/loadstone-bpf/loadstone/loader"
)

// sanitized returns the driver, compiled against this machine's libbpf so that a wrong access or an
// overflow ends it.
func sanitized(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "driver")
	compile(t, "driver.c", program, "-g", "-O1", "-fsanitize=address,undefined",
		"-fno-sanitize-recover=all")
	return program
}

// compile compiles a C file, without a warning.
func compile(t *testing.T, source, program string, flags ...string) {
	t.Helper()
	args := append([]string{"-std=c11", "-Wall", "-Wextra", "-Werror", `-DDRIVER_VERSION="test"`,
		"-o", program, source}, append(flags, "-lbpf")...)
	if out, err := exec.Command("gcc", args...).CombinedOutput(); err != nil {
		t.Fatalf("gcc with this machine's libbpf-dev: %v\n%s", err, out)
	}
}

const hello = `{"v":1,"seq":1,"op":"hello","protocols":[1]}`

// converse writes lines to a driver, and returns what it answered and how it ended.
func converse(
	t *testing.T, program string, input []byte,
) (replies []string, status int, output string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Env = append(os.Environ(), "ASAN_OPTIONS=detect_leaks=1")
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(input), &stdout, &stderr
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(&stdout)
	lines.Buffer(nil, loader.MaxLine+1)
	for lines.Scan() {
		replies = append(replies, lines.Text())
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return replies, cmd.ProcessState.ExitCode(), stderr.String()
}

// ended reports whether a driver ended as it may: with status 0, or with 1 after a line that it
// cannot answer.
func ended(status int, output string) bool {
	return status == 0 || status == 1 && strings.Contains(output, "read request: ") &&
		!strings.Contains(output, "ERROR")
}

func TestLineWithoutANumberEndsTheConversation(t *testing.T) {
	program := sanitized(t)
	for name, line := range map[string]string{
		"empty":                    "",
		"garbage":                  "\x00\xff\xfe{]",
		"no object":                "[1]",
		"two objects":              `{"v":1,"seq":2,"op":"bye"}{}`,
		"text behind":              `{"v":1,"seq":2,"op":"bye"} x`,
		"half an object":           `{"v":1,"seq":2,"op":"by`,
		"no colon":                 `{"v" 1}`,
		"no comma":                 `{"v":1 "seq":2}`,
		"comma at the end":         `{"v":1,}`,
		"key that is no string":    `{1:2}`,
		"no seq":                   `{"v":1,"op":"bye"}`,
		"seq 0":                    `{"v":1,"seq":0,"op":"bye"}`,
		"seq negative":             `{"v":1,"seq":-1,"op":"bye"}`,
		"seq fraction":             `{"v":1,"seq":1.5,"op":"bye"}`,
		"seq exponent":             `{"v":1,"seq":1e3,"op":"bye"}`,
		"seq of 33 bits":           `{"v":1,"seq":4294967296,"op":"bye"}`,
		"seq of 65 bits":           `{"v":1,"seq":18446744073709551617,"op":"bye"}`,
		"seq twice":                `{"v":1,"seq":2,"seq":2,"op":"bye"}`,
		"seq a string":             `{"v":1,"seq":"2","op":"bye"}`,
		"leading zero":             `{"v":1,"seq":02,"op":"bye"}`,
		"number of a dot":          `{"v":1,"seq":2.,"op":"bye"}`,
		"unknown word":             `{"v":1,"seq":nil,"op":"bye"}`,
		"NUL in a line":            "{\"v\":1,\"seq\":2,\x00\"op\":\"bye\"}",
		"NUL in a string":          `{"v":1,"seq":2,"op":"by\u0000e"}`,
		"control character":        "{\"v\":1,\"seq\":2,\"op\":\"b\tye\"}",
		"invalid UTF-8":            "{\"v\":1,\"seq\":2,\"op\":\"b\xc0\x80\"}",
		"cut UTF-8":                "{\"v\":1,\"seq\":2,\"op\":\"b\xf0\x9f\"}",
		"surrogate in UTF-8":       "{\"v\":1,\"seq\":2,\"op\":\"b\xed\xa0\x80\"}",
		"unknown escape":           `{"v":1,"seq":2,"op":"b\ye"}`,
		"cut escape":               `{"v":1,"seq":2,"op":"\`,
		"cut \\u":                  `{"v":1,"seq":2,"op":"\u00`,
		"half a surrogate":         `{"v":1,"seq":2,"op":"\ud83d"}`,
		"other half first":         `{"v":1,"seq":2,"op":"\ude00"}`,
		"surrogate and no other":   `{"v":1,"seq":2,"op":"\ud83d\u0041"}`,
		"deep arrays":              strings.Repeat("[", 500_000),
		"deep objects":             strings.Repeat(`{"a":`, 100_000),
		"many values":              `{"a":[` + strings.Repeat("0,", 300_000) + `0],"v":1,"seq":2,"op":"bye"}`,
		"longer than a line":       `{"v":1,"seq":2,"op":"` + strings.Repeat("x", loader.MaxLine) + `"}`,
		"longer than a line twice": strings.Repeat("x", 2*loader.MaxLine),
	} {
		t.Run(name, func(t *testing.T) {
			replies, status, output := converse(t, program, []byte(hello+"\n"+line+"\n"+hello+"\n"))
			if len(replies) != 1 || status != 1 || !ended(status, output) {
				t.Errorf("%d replies, status %d, want one reply and status 1\n%s", len(replies),
					status, output)
			}
		})
	}
}

func TestRequestThatMakesNoSenseIsAnError(t *testing.T) {
	program := sanitized(t)
	open := func(fields string) string { return `{"v":1,"seq":2,"op":"open","session":"s"` + fields + `}` }
	for name, c := range map[string]struct{ line, kind string }{
		"no op":                    {`{"v":1,"seq":2}`, "error"},
		"no version":               {`{"seq":2,"op":"bye"}`, "error"},
		"another version":          {`{"v":2,"seq":2,"op":"bye"}`, "unsupported"},
		"another protocol":         {`{"v":1,"seq":2,"op":"hello","protocols":[2,"1",null,[1]]}`, "unsupported"},
		"no protocols":             {`{"v":1,"seq":2,"op":"hello","protocols":{}}`, "error"},
		"unknown operation":        {`{"v":1,"seq":2,"op":"frobnicate"}`, "unsupported"},
		"long unknown operation":   {`{"v":1,"seq":2,"op":"` + strings.Repeat("é", 400_000) + `"}`, "unsupported"},
		"op a number":              {`{"v":1,"seq":2,"op":7}`, "error"},
		"op null":                  {`{"v":1,"seq":2,"op":null}`, "error"},
		"open nothing":             {open(``), "error"},
		"open an object":           {open(`,"object":{}`), "error"},
		"options an array":         {open(`,"object":"x","options":[]`), "error"},
		"option a string":          {open(`,"object":"x","options":{"ignore_unknown_fields":"yes"}`), "error"},
		"pin root a number":        {open(`,"object":"x","options":{"pin_root":1}`), "error"},
		"option twice":             {open(`,"object":"x","options":{"pin_root":"a","pin_root":"b"}`), "error"},
		"long path":                {open(`,"object":"` + strings.Repeat("x/", 500_000) + `"`), "rejected"},
		"escaped path":             {open(`,"object":"\"\\\/\b\f\n\r\t\u00e9\u20ac\ud83d\ude00"`), "rejected"},
		"session not open":         {`{"v":1,"seq":2,"op":"load","session":"nobody"}`, "error"},
		"close what is not open":   {`{"v":1,"seq":2,"op":"close","session":"nobody"}`, "error"},
		"long session":             {`{"v":1,"seq":2,"op":"load","session":"` + strings.Repeat("%s%n", 100_000) + `"}`, "error"},
		"unknown fields":           {`{"v":1,"seq":2,"op":"reset","x":[1.5e-3,{"y":null}],"z":""}`, "ok"},
		"space":                    {" \t{ \"v\" : 1 , \"seq\" : 2 , \"op\" : \"reset\" } \r", "ok"},
		"as deep as it may be":     {`{"v":1,"seq":2,"op":"reset","x":` + strings.Repeat("[", 30) + strings.Repeat("]", 30) + `}`, "ok"},
		"query for something long": {`{"v":1,"seq":2,"op":"query","what":"` + strings.Repeat(`\u0001`, 100_000) + `"}`, "unsupported"},
	} {
		t.Run(name, func(t *testing.T) {
			replies, status, output := converse(t, program,
				[]byte(hello+"\n"+c.line+"\n"+`{"v":1,"seq":3,"op":"bye"}`+"\n"))
			if len(replies) != 3 || status != 0 {
				t.Fatalf("%d replies, status %d, want all answered and status 0\n%s", len(replies),
					status, output)
			}
			var reply map[string]json.RawMessage
			if err := json.Unmarshal([]byte(replies[1]), &reply); err != nil {
				t.Fatal(err)
			}
			if reply[c.kind] == nil || string(reply["seq"]) != "2" {
				t.Errorf("%.300s, want %s to request 2", replies[1], c.kind)
			}
		})
	}
}

func TestMisuseOfASession(t *testing.T) {
	program := sanitized(t)
	object, err := filepath.Abs("testdata/good.bpf.o")
	if err != nil {
		t.Fatal(err)
	}
	input := hello
	var want []string
	for i, c := range []struct{ fields, kind string }{
		{`"op":"open","session":"s","object":"` + object + `"`, "ok"},
		{`"op":"open","session":"s","object":"` + object + `"`, "error"},
		{`"op":"set","session":"s","target":"wall","name":"counts","attribute":"max_entries","value":1`, "error"},
		{`"op":"set","session":"s","target":"map","name":"counts","attribute":"max_entries","value":"1"`, "error"},
		{`"op":"set","session":"s","target":"map","name":"counts","attribute":"max_entries","value":4294967296`, "error"},
		{`"op":"set","session":"s","target":"map","name":"counts","attribute":"max_entries","value":-1`, "error"},
		{`"op":"set","session":"s","target":"map","name":"counts","attribute":"max_entries"`, "error"},
		{`"op":"set","session":"s","target":"map","name":"counts","attribute":"autoload","value":true`, "unsupported"},
		{`"op":"set","session":"s","target":"map","name":"counts","attribute":"autocreate","value":1`, "error"},
		{`"op":"set","session":"s","target":"map","name":"counts","attribute":"reuse","value":1`, "error"},
		{`"op":"set","session":"s","target":"map","name":"counts","attribute":"reuse","value":"/nowhere"`, "rejected"},
		{`"op":"set","session":"s","target":"map","name":"counts","attribute":"inner_map","value":"/"`, "rejected"},
		{`"op":"open","session":"t","object":"` + object + `","options":{"handlers":[1]}`, "error"},
		{`"op":"open","session":"t","object":"` + object + `","options":{"handlers":"program-exact"}`, "error"},
		{`"op":"open","session":"t","object":"` + object + `","options":{"pin_ids":7}`, "error"},
		{`"op":"attach","session":"s","program":"count","kind":"handler"`, "rejected"},
		{`"op":"attach","session":"s","program":"count","kind":"xdp"`, "error"},
		{`"op":"attach","session":"s","program":"count","kind":"xdp","ifindex":1`, "rejected"},
		{`"op":"attach","session":"s","program":"nobody","kind":"xdp","ifindex":1`, "rejected"},
		{`"op":"detach","session":"s","handle":"1"`, "error"},
		{`"op":"pin","session":"s","target":"map","name":"counts","path":"/nowhere/x"`, "rejected"},
		{`"op":"unpin","session":"s","target":"map","name":"counts","path":"/nowhere/x"`, "rejected"},
		{`"op":"close","session":"s"`, "ok"},
		{`"op":"close","session":"s"`, "error"},
		{`"op":"bye"`, "ok"},
	} {
		input += fmt.Sprintf("\n{\"v\":1,\"seq\":%d,%s}", i+2, c.fields)
		want = append(want, fmt.Sprintf(`{"seq":%d,%q:`, i+2, c.kind))
	}
	replies, status, output := converse(t, program, []byte(input))
	if len(replies) != len(want)+1 || status != 0 {
		t.Fatalf("%d replies, status %d\n%s", len(replies), status, output)
	}
	for i, w := range want {
		if !strings.HasPrefix(replies[i+1], w) {
			t.Errorf("%s, want %s", replies[i+1], w)
		}
	}
}

// TestConversationWithFlippedBytes says the same conversation again and again, each time with some
// bytes changed.
func TestConversationWithFlippedBytes(t *testing.T) {
	program := sanitized(t)
	object, err := filepath.Abs("testdata/refused.bpf.o")
	if err != nil {
		t.Fatal(err)
	}
	conversation := []byte(strings.Join([]string{
		hello,
		`{"v":1,"seq":2,"spec":"a.b","op":"open","session":"s\u00e9","object":"` + object + `","options":{"ignore_unknown_fields":true}}`,
		`{"v":1,"seq":3,"op":"set","session":"s\u00e9","target":"map","name":"m","attribute":"max_entries","value":7}`,
		`{"v":1,"seq":4,"op":"load","session":"s\u00e9"}`,
		`{"v":1,"seq":5,"op":"close","session":"s\u00e9"}`,
		`{"v":1,"seq":6,"op":"bye"}`,
	}, "\n"))
	const rounds = 150
	random := rand.New(rand.NewPCG(1, 2))
	for range rounds {
		input := bytes.Clone(conversation)
		for range 1 + random.IntN(3) {
			at := random.IntN(len(input))
			switch random.IntN(3) {
			case 0:
				input[at] = byte(random.IntN(256))
			case 1:
				input = append(input[:at], input[at+1:]...)
			case 2:
				input = append(input[:at],
					append([]byte(`"{[\]}:,`)[random.IntN(7):], input[at:]...)...)
			}
		}
		if _, status, output := converse(t, program, input); !ended(status, output) {
			t.Fatalf("status %d after %q\n%s", status, input, output)
		}
	}
}

// TestDamagedObjectsDoNotBreakTheDriver covers what libbpf returns: names that are not UTF-8, for
// example.
func TestDamagedObjectsDoNotBreakTheDriver(t *testing.T) {
	program := filepath.Join(t.TempDir(), "driver")
	compile(t, "driver.c", program, "-O1") // libbpf itself is not sanitized
	object, err := os.ReadFile("testdata/good.bpf.o")
	if err != nil {
		t.Fatal(err)
	}
	damaged := bytes.ReplaceAll(object, []byte("counts\x00"), []byte("cou\xff\"s\x00"))
	name := filepath.Join(t.TempDir(), "damaged.bpf.o")
	if err := os.WriteFile(name, damaged, 0o644); err != nil {
		t.Fatal(err)
	}
	replies, status, output := converse(t, program,
		fmt.Appendf(nil, "%s\n{\"v\":1,\"seq\":2,\"op\":\"open\",\"session\":\"s\",\"object\":%q}\n", hello, name))
	if status != 0 || len(replies) != 2 {
		t.Fatalf("status %d, %d replies\n%s", status, len(replies), output)
	}
	if !json.Valid([]byte(replies[1])) {
		t.Errorf("%q is no JSON", replies[1])
	}
	if strings.Contains(replies[1], `"ok"`) && !strings.Contains(replies[1], `cou\ufffd\u0022s`) {
		t.Errorf("%s, want the name of the map with U+FFFD in it", replies[1])
	}
}

func TestClassesAreThoseOfTheProtocol(t *testing.T) {
	program := filepath.Join(t.TempDir(), "classes")
	compile(t, "testdata/classes.c", program, "-Wno-unused-function")
	out, err := exec.Command(program).Output()
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for line := range strings.Lines(string(out)) {
		var number int
		var class loader.Class
		if _, err := fmt.Sscan(line, &number, &class); err != nil {
			t.Fatal(err)
		}
		if number >= 4000 {
			continue // libbpf's own
		}
		compared++
		if want := loader.ClassOf(syscall.Errno(number)); class != want {
			t.Errorf("errno %d: driver says %s, loader.ClassOf says %s", number, class, want)
		}
	}
	if compared != 3999 {
		t.Errorf("%d numbers compared", compared)
	}
}
