// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"errors"
	"fmt"
	"os"

	"github.com/cilium/ebpf"
)

// ProgramFacts holds what the kernel keeps of a program.
type ProgramFacts struct {
	Name string // at most 15 bytes
	Type string // the kernel's name without BPF_PROG_TYPE_, lower case: "xdp"
	Tag  string // digest of its instructions as this kernel rewrote them: compare on one kernel only
	Maps []uint32

	Functions []string // the names of its functions in its BTF, in order; nil where it has none
	Lines     int      // how many places in it the kernel knows the source line of
}

// Program asks the kernel about the program of that id. The error wraps [ErrNoSuchObject] if it
// does not exist.
func Program(id uint32) (ProgramFacts, error) {
	p, err := program(id)
	if err != nil {
		return ProgramFacts{}, err
	}
	defer p.Close()
	in, err := p.Info()
	if err != nil {
		return ProgramFacts{}, fmt.Errorf("info of program %d: %w", id, err)
	}
	facts := ProgramFacts{Name: in.Name, Type: programTypeName(uint32(in.Type)), Tag: in.Tag}
	maps, _ := in.MapIDs()
	for _, m := range maps {
		facts.Maps = append(facts.Maps, uint32(m))
	}
	if err := facts.readSource(in); err != nil {
		return ProgramFacts{}, fmt.Errorf("info of program %d: %w", id, err)
	}
	return facts, nil
}

// ProgramSize returns how long a program is as the kernel runs it: instructions after the verifier
// rewrote them, and bytes of machine code, 0 without a JIT compiler. The error wraps
// [ErrNoSuchObject] if it does not exist.
func ProgramSize(id uint32) (instructions, machineCode int, err error) {
	p, err := program(id)
	if err != nil {
		return 0, 0, err
	}
	defer p.Close()
	in, err := p.Info()
	if err != nil {
		return 0, 0, fmt.Errorf("info of program %d: %w", id, err)
	}
	if size, told := in.TranslatedSize(); told == nil {
		instructions = size / 8
	}
	if size, told := in.JitedSize(); told == nil {
		machineCode = int(size)
	}
	return instructions, machineCode, nil
}

// readSource reads what the kernel knows of a program's source. A program without BTF has none.
func (f *ProgramFacts) readSource(in *ebpf.ProgramInfo) error {
	if _, hasBTF := in.BTFID(); !hasBTF {
		return nil
	}
	functions, err := in.FuncInfos()
	if err != nil && !errors.Is(err, ebpf.ErrNotSupported) {
		return fmt.Errorf("functions: %w", err)
	}
	for _, function := range functions {
		f.Functions = append(f.Functions, function.Func.Name)
	}
	lines, err := in.LineInfos()
	if err != nil && !errors.Is(err, ebpf.ErrNotSupported) {
		return fmt.Errorf("lines: %w", err)
	}
	f.Lines = len(lines)
	return nil
}

// Run runs the program of that id once over input, as BPF_PROG_TEST_RUN does. It returns the
// program's result and the input as the program changed it. The error wraps [ErrNoSuchObject] if
// the program does not exist, and [ebpf.ErrNotSupported] if its type cannot be run.
func Run(id uint32, input []byte) (result uint32, output []byte, err error) {
	p, err := program(id)
	if err != nil {
		return 0, nil, err
	}
	defer p.Close()
	result, output, err = p.Test(input)
	if err != nil {
		return 0, nil, fmt.Errorf("run program %d: %w", id, err)
	}
	return result, output, nil
}

func program(id uint32) (*ebpf.Program, error) {
	p, err := ebpf.NewProgramFromID(ebpf.ProgramID(id))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("program %d: %w", id, ErrNoSuchObject)
	}
	if err != nil {
		return nil, fmt.Errorf("open program %d: %w", id, err)
	}
	return p, nil
}
