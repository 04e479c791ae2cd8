// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"bytes"
	"debug/elf"
	"fmt"
	"path"
	"strings"

	"github.com/loadstone-bpf/loadstone/vmtest/arch"
)

// interpreters returns the programs that a script needs to be started, by path, or by name where
// env(1) looks for it; none of what is no script. It returns [ErrNoStart] for a program that no
// kernel of the architecture starts.
func interpreters(command string, data []byte, on arch.Arch) ([]string, error) {
	if isELF(data) {
		return nil, checkMachine(command, data, on)
	}
	script, ok := bytes.CutPrefix(data, []byte("#!"))
	if !ok {
		return nil, nil
	}
	line, _, _ := bytes.Cut(script, []byte("\n"))
	if bytes.HasSuffix(line, []byte("\r")) {
		return nil, fmt.Errorf("%w: %s has the line ends of DOS (CR LF): the kernel looks for an interpreter %q; run sed -i 's/\\r$//' on it",
			ErrNoStart, command, strings.TrimSpace(strings.TrimSuffix(string(line), "\r"))+"\r")
	}
	words := strings.Fields(string(line))
	if len(words) == 0 {
		return nil, fmt.Errorf("%w: %s is a script that names no interpreter", ErrNoStart, command)
	}
	needs := words[:1]
	if path.Base(words[0]) == "env" {
		for _, word := range words[1:] {
			if !strings.HasPrefix(word, "-") && !strings.Contains(word, "=") {
				return append(needs, word), nil
			}
		}
	}
	return needs, nil
}

// checkMachine sees that a program is of the architecture. What cannot be read is for its
// libraries' sake found out elsewhere.
func checkMachine(command string, data []byte, on arch.Arch) error {
	file, err := elf.NewFile(bytes.NewReader(data))
	if err != nil || file.Machine == on.ELF {
		return nil
	}
	return fmt.Errorf("%w: %s is a program for %s, and guests are %s", ErrNoStart, command,
		machineName(file.Machine), on.Name)
}

// machineName returns the architecture of a program as users write it, if it is a known one.
func machineName(m elf.Machine) string {
	for _, a := range arch.All() {
		if a.ELF == m {
			return a.Name
		}
	}
	return m.String()
}

// packageOf says which package has an interpreter.
func packageOf(name string) string {
	packages := map[string]string{
		"sh": "dash", "bash": "bash", "env": "coreutils", "python3": "python3", "perl": "perl-base",
	}
	if p := packages[path.Base(name)]; p != "" {
		return fmt.Sprintf("name the package %s in packages of the manifest", p)
	}
	return "name its package in packages of the manifest"
}
