// SPDX-License-Identifier: Apache-2.0

package hygiene

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"
)

// A setting is a file whose text may not change.
type setting struct {
	textFile
	kind Kind
	name string
}

// sysctls are the settings below /proc/sys that count: of BPF, of what loaders and suites write to
// or need, and of what makes a kernel more or less strict. A last part may end in an asterisk. One
// that a kernel does not have does not count. Those of the network are this network namespace's;
// those of a device are seen with it.
var sysctls = []string{
	"fs.file-max", "fs.nr_open",
	"kernel.bpf_*", "kernel.unprivileged_bpf_disabled", "kernel.perf_event_*",
	"kernel.core_pattern", "kernel.dmesg_restrict", "kernel.ftrace_enabled", "kernel.hostname",
	"kernel.kptr_restrict", "kernel.modprobe", "kernel.modules_disabled", "kernel.numa_balancing",
	"kernel.panic", "kernel.panic_on_oops", "kernel.panic_on_warn", "kernel.printk",
	"kernel.randomize_va_space", "kernel.sysrq", "kernel.yama.ptrace_scope",
	"net.core.bpf_*", "net.core.default_qdisc",
	"net.ipv4.ip_forward", "net.ipv4.conf.all.rp_filter", "net.ipv4.conf.default.rp_filter",
	"net.ipv4.tcp_available_congestion_control", "net.ipv4.tcp_congestion_control",
	"net.ipv6.conf.all.disable_ipv6", "net.ipv6.conf.all.forwarding",
	"net.ipv6.conf.default.disable_ipv6",
	"vm.max_map_count", "vm.nr_hugepages", "vm.overcommit_memory", "vm.panic_on_oom",
}

// kernelFiles are settings elsewhere.
var kernelFiles = []string{
	"/sys/devices/system/cpu/online", "/sys/devices/system/node/online",
	"/sys/kernel/security/lockdown",
	"/sys/kernel/tracing/current_tracer", "/sys/kernel/tracing/dynamic_events",
	"/sys/kernel/tracing/kprobe_events",
	"/sys/kernel/tracing/set_event", "/sys/kernel/tracing/tracing_on",
	"/sys/kernel/tracing/uprobe_events",
}

// settings views all of them, and whether the kernel is tainted.
type settings struct{ all []setting }

func openSettings() (view, error) { return openSettingsIn("/proc/sys", kernelFiles) }

func openSettingsIn(sys string, files []string) (view, error) {
	s := new(settings)
	if err := s.add(Taint, "taint of the kernel", sys+"/kernel/tainted"); err != nil {
		return nil, err
	}
	for _, pattern := range sysctls {
		names, err := expand(sys, strings.ReplaceAll(pattern, ".", "/"))
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			dotted := "sysctl " + strings.ReplaceAll(name, "/", ".")
			if err := s.add(Sysctl, dotted, sys+"/"+name); err != nil {
				return nil, err
			}
		}
	}
	for _, file := range files {
		if err := s.add(Sysctl, "setting "+file, file); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// expand returns the names below a folder that a pattern stands for.
func expand(below, pattern string) ([]string, error) {
	folder, last := path.Split(pattern)
	if !strings.Contains(last, "*") {
		return []string{pattern}, nil
	}
	entries, err := os.ReadDir(below + "/" + folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if matched, err := path.Match(last, e.Name()); err != nil {
			return nil, err
		} else if matched {
			names = append(names, folder+e.Name())
		}
	}
	return names, nil
}

// add adds the setting in a file. One that the kernel does not have, or that can only be written
// to, is left out.
func (s *settings) add(kind Kind, name, file string) error {
	f, err := openText(file)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return nil
	}
	if err != nil {
		return err
	}
	s.all = append(s.all, setting{f, kind, name})
	return nil
}

func (s *settings) keeps() []int {
	var all []int
	for _, one := range s.all {
		all = append(all, one.fd)
	}
	return all
}

// read appends the text of each, with a zero behind it.
func (s *settings) read(b []byte) ([]byte, error) {
	var err error
	for _, one := range s.all {
		if b, err = one.appendValue(b); err != nil {
			return b, err
		}
		b = append(b, 0)
	}
	return b, nil
}

func (s *settings) things(seen []byte) ([]thing, error) {
	var all []thing
	for _, one := range s.all {
		text, rest, found := bytes.Cut(seen, []byte{0})
		if !found {
			return nil, errors.New("fewer settings than there were")
		}
		value := strings.Join(strings.Fields(string(text)), " ")
		all = append(all, thing{kind: one.kind, name: one.name, state: value})
		seen = rest
	}
	return all, nil
}

// modules views the modules that are loaded.
type modules struct{ list *textFile }

func openModules() (view, error) {
	f, err := openText("/proc/modules")
	if errors.Is(err, fs.ErrNotExist) {
		return modules{}, nil // a kernel without modules
	}
	if err != nil {
		return nil, err
	}
	return modules{&f}, nil
}

func (m modules) keeps() []int {
	if m.list == nil {
		return nil
	}
	return []int{m.list.fd}
}

func (m modules) read(b []byte) ([]byte, error) {
	if m.list == nil {
		return b, nil
	}
	return m.list.appendTo(b)
}

// things leaves out how often a module is used: who uses it is another thing.
func (m modules) things(seen []byte) ([]thing, error) {
	var all []thing
	for line := range strings.Lines(string(seen)) {
		name, _, _ := strings.Cut(line, " ")
		all = append(all, thing{kind: Module, name: "module " + name})
	}
	return all, nil
}
