// SPDX-License-Identifier: Apache-2.0

package need

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/features"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/oracle"
)

// ErrUnknown is wrapped by the error about words that say nothing that can be probed.
var ErrUnknown = errors.New("not known how to probe for it")

// Has reports whether this kernel has one thing. An error says why it cannot be told. The words are
// those of package check of the host:
//
//	map_type N                 enum bpf_map_type
//	program_type N             enum bpf_prog_type
//	helper N M                 helper M (enum bpf_func_id) in programs of type N
//	helper_id M                helper M in programs of any type
//	kernel_btf                 types of the kernel's own
//	type NAME                  in them, or in those of a module that is loaded
//	field NAME PATH            a member of such a struct, or of a member's struct, with dots
//	enumerator NAME VALUE      a named value of such an enum
//	func NAME, kfunc NAME      a function in them: to attach to, to call
//	ksym NAME                  a symbol of the kernel or a module
//	tracepoint GROUP/NAME      a tracepoint that its trace file system shows
//	kconfig NAME               an option that the kernel's configuration sets
func Has(words ...string) (bool, error) {
	switch {
	case len(words) == 2 && words[0] == "map_type":
		n, err := strconv.ParseUint(words[1], 10, 32)
		has, err := supported(err, func() error { return features.HaveMapType(ebpf.MapType(n)) })
		if errors.Is(err, unix.ENOMEM) {
			return true, nil // map_create looks for the type before it allocates
		}
		return has, err
	case len(words) == 2 && words[0] == "program_type":
		n, err := strconv.ParseUint(words[1], 10, 32)
		return supported(err, func() error { return features.HaveProgramType(ebpf.ProgramType(n)) })
	case len(words) == 3 && words[0] == "helper":
		n, err := strconv.ParseUint(words[1], 10, 32)
		f, err2 := strconv.ParseInt(words[2], 10, 32)
		return hasHelper(errors.Join(err, err2), ebpf.ProgramType(n), asm.BuiltinFunc(f))
	case len(words) == 2 && words[0] == "helper_id":
		n, err := strconv.ParseUint(words[1], 10, 32)
		if err != nil {
			return false, fmt.Errorf("%w: %w", ErrUnknown, err)
		}
		return hasHelperID(n)
	case len(words) == 1 && words[0] == "kernel_btf":
		_, err := os.Stat("/sys/kernel/btf/vmlinux")
		return err == nil, notMissing(err)
	case len(words) == 2 && words[0] == "type":
		types, err := typesNamed(words[1])
		return len(types) > 0, err
	case len(words) == 3 && words[0] == "field":
		return hasField(words[1], strings.Split(words[2], "."))
	case len(words) == 2 && words[0] == "ksym":
		return hasSymbol(words[1])
	case len(words) == 2 && words[0] == "tracepoint":
		return hasTracepoint(words[1])
	case len(words) == 3 && words[0] == "enumerator":
		return hasEnumerator(words[1], words[2])
	case len(words) == 2 && (words[0] == "kfunc" || words[0] == "func"):
		types, err := typesNamed(words[1])
		for _, t := range types {
			if _, isFunc := t.(*btf.Func); isFunc {
				return true, err
			}
		}
		return false, err
	case len(words) == 2 && words[0] == "kconfig":
		value, known, err := oracle.Kconfig(strings.TrimPrefix(words[1], "CONFIG_"))
		if err == nil && !known {
			err = errors.New("the kernel's configuration cannot be read")
		}
		return value != "" && value != "n", err
	}
	return false, ErrUnknown
}

// ProbesHelpers reports whether helpers can be probed in programs of a type. Others are loaded for
// one function of the kernel or of a program each, and have helpers that depend on which.
func ProbesHelpers(t ebpf.ProgramType) bool {
	return !slices.Contains([]ebpf.ProgramType{
		ebpf.Extension, ebpf.LSM, ebpf.StructOps, ebpf.Tracing,
	}, t)
}

// supported calls a probe of the ebpf library.
func supported(bad error, ask func() error) (bool, error) {
	if bad != nil {
		return false, fmt.Errorf("%w: %w", ErrUnknown, bad)
	}
	err := ask()
	if errors.Is(err, ebpf.ErrNotSupported) {
		return false, nil
	}
	return err == nil, err
}

func notMissing(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// kernelTypes holds the types of the kernel, from which those of its modules are read without
// another look at the kernel's own.
var kernelTypes = btf.NewCache()

// moduleTypes holds the types of the modules that are loaded.
var moduleTypes = sync.OnceValues(func() ([]*btf.Spec, error) {
	names, err := kernelTypes.Modules()
	if err != nil {
		return nil, err
	}
	var all []*btf.Spec
	for _, name := range names {
		module, err := kernelTypes.Module(name)
		if err != nil {
			return nil, fmt.Errorf("types of module %s: %w", name, err)
		}
		all = append(all, module)
	}
	return all, nil
})

// typesNamed returns the kernel's types of that name, and those of its modules; none where it has
// no types at all.
func typesNamed(name string) ([]btf.Type, error) {
	vmlinux, err := kernelTypes.Kernel()
	if errors.Is(err, btf.ErrNotFound) || errors.Is(err, ebpf.ErrNotSupported) ||
		errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	modules, err := moduleTypes()
	if err != nil {
		return nil, err
	}
	var found []btf.Type
	for _, spec := range append([]*btf.Spec{vmlinux}, modules...) {
		types, err := spec.AnyTypesByName(name)
		if errors.Is(err, btf.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		found = append(found, types...)
	}
	return found, nil
}

// hasTracepoint looks for a tracepoint in the trace file system.
func hasTracepoint(name string) (bool, error) {
	group, event, _ := strings.Cut(name, "/")
	if !filepath.IsLocal(group) || !filepath.IsLocal(event) {
		return false, fmt.Errorf("%w: tracepoint %q", ErrUnknown, name)
	}
	const events = "/sys/kernel/tracing/events"
	if _, err := os.Stat(events); err != nil {
		return false, fmt.Errorf("the kernel shows no tracepoints: %w", err)
	}
	_, err := os.Stat(filepath.Join(events, group, event))
	return err == nil, notMissing(err)
}

// hasField reports whether a struct or union has a member by a path of names. Anonymous members are
// looked into.
func hasField(name string, path []string) (bool, error) {
	types, err := typesNamed(name)
	for _, t := range types {
		if reaches(t, path) {
			return true, err
		}
	}
	return false, err
}

func reaches(t btf.Type, path []string) bool {
	if len(path) == 0 {
		return true
	}
	var members []btf.Member
	switch t := btf.UnderlyingType(t).(type) {
	case *btf.Struct:
		members = t.Members
	case *btf.Union:
		members = t.Members
	case *btf.Array:
		return reaches(t.Type, path)
	default:
		return false
	}
	for _, m := range members {
		if m.Name == path[0] && reaches(m.Type, path[1:]) || m.Name == "" && reaches(m.Type, path) {
			return true
		}
	}
	return false
}

// hasEnumerator reports whether an enum has a value of that name.
func hasEnumerator(enum, name string) (bool, error) {
	types, err := typesNamed(enum)
	for _, t := range types {
		if e, isEnum := t.(*btf.Enum); isEnum &&
			slices.ContainsFunc(e.Values, func(v btf.EnumValue) bool { return v.Name == name }) {
			return true, err
		}
	}
	return false, err
}

// hasHelper probes for a helper in programs of a type. Where that cannot be done, as where the
// library that does it cannot tell, it looks for what proves it.
func hasHelper(bad error, t ebpf.ProgramType, f asm.BuiltinFunc) (bool, error) {
	if bad != nil {
		return false, fmt.Errorf("%w: %w", ErrUnknown, bad)
	}
	if !ProbesHelpers(t) {
		if has, err := hasHelperID(uint64(f)); err != nil || !has {
			return false, err
		}
		return false, fmt.Errorf("helper %d cannot be probed in programs of type %s", f, t)
	}
	has, err := supported(nil, func() error { return features.HaveProgramHelper(t, f) })
	var refused *ebpf.VerifierError
	if errors.As(err, &refused) {
		if has, told := verifierTells(refused.Log, f); told {
			return has, nil
		}
	}
	return has, err
}

// verifierTells reads of a verifier's log whether programs of its type have a helper: the library
// looks at the last five lines only, and 7.3 has more below what it refuses for. check_helper_call
// looks for the helper before it looks at its arguments, and at whether the program may sleep.
func verifierTells(log []string, f asm.BuiltinFunc) (has, told bool) {
	call := fmt.Sprintf("#%d", f)
	for _, line := range log {
		_, after, found := strings.Cut(line, call)
		switch {
		case found && after != "" && after[0] >= '0' && after[0] <= '9': // of another helper
		case found && (strings.Contains(line, "invalid func") || strings.Contains(line, "unknown func") ||
			strings.Contains(line, "program of this type cannot use helper")):
			return false, true
		case found && strings.Contains(after, "R1 "), strings.Contains(line, "helper call might sleep"),
			found && strings.Contains(after, "in non-sleepable prog"):
			return true, true
		}
	}
	return false, false
}

// hasHelperID looks for a helper's number among the kernel's types. It cannot be told of a kernel
// without any, or with types that leave that enum out.
func hasHelperID(n uint64) (bool, error) {
	types, err := typesNamed("bpf_func_id")
	if err != nil {
		return false, err
	}
	for _, t := range types {
		if e, isEnum := t.(*btf.Enum); isEnum {
			return slices.ContainsFunc(e.Values, func(v btf.EnumValue) bool {
				return v.Value == n && v.Name != "__BPF_FUNC_MAX_ID"
			}), nil
		}
	}
	return false, errors.New("the kernel's types have no enum bpf_func_id")
}

// symbols holds /proc/kallsyms, a line a symbol: its address, its kind, its name, and behind a tab
// the module that it is of.
var symbols = sync.OnceValues(func() ([]byte, error) { return os.ReadFile("/proc/kallsyms") })

// hasSymbol looks for a symbol's name.
func hasSymbol(name string) (bool, error) {
	text, err := symbols()
	return isListed(text, name), err
}

// isListed reports whether the name stands in a line of text like that of /proc/kallsyms.
func isListed(text []byte, name string) bool {
	for name := []byte(" " + name); ; {
		at := bytes.Index(text, name)
		if at < 0 {
			return false
		}
		if text = text[at+len(name):]; len(text) == 0 || text[0] == '\n' || text[0] == '\t' {
			return true
		}
	}
}
