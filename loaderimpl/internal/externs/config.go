// SPDX-License-Identifier: Apache-2.0

package externs

import (
	"errors"
	"fmt"
	"strings"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// Prefixes of the names of options: those of the kernel's configuration, and those that no
// configuration has and loaders fill in.
const (
	configPrefix = "CONFIG_"
	loaderPrefix = "LINUX_"
)

// Options that loaders fill in (libbpf, bpf_object__resolve_externs).
const (
	KernelVersion     = "LINUX_KERNEL_VERSION"
	HasBPFCookie      = "LINUX_HAS_BPF_COOKIE"
	HasSyscallWrapper = "LINUX_HAS_SYSCALL_WRAPPER"
)

// ofConfig reports whether a configuration has the option's value.
func (e *Extern) ofConfig() bool { return strings.HasPrefix(e.Name, configPrefix) }

// ofLoader reports whether a loader fills the option in.
func (e *Extern) ofLoader() bool {
	switch e.Name {
	case KernelVersion, HasBPFCookie, HasSyscallWrapper:
		return true
	}
	return false
}

// A Config holds what the map of options holds in the end.
type Config struct {
	Data []byte // what programs read

	list  *List
	order objfile.ByteOrder
	set   []bool // options that have a value, by index in the list
}

// NewConfig returns a configuration without values, for the object's byte order.
func (l *List) NewConfig(order objfile.ByteOrder) *Config {
	return &Config{Data: make([]byte, l.ConfigSize), list: l, order: order,
		set: make([]bool, len(l.Externs))}
}

// Clone returns a configuration that starts with the values of this one.
func (c *Config) Clone() *Config {
	own := *c
	own.Data = append([]byte(nil), c.Data...)
	own.set = append([]bool(nil), c.set...)
	return &own
}

// ReadUser takes values from a text that a caller gave, a line for each as the kernel's
// configuration has them. Lines that are empty or begin with # say nothing. Of several values of
// one option the first counts. Options that the object does not have are passed over, as one text
// may be for many objects, but not what no configuration can hold. All wrong lines are named.
func (c *Config) ReadUser(text string) error {
	var wrong []error
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		name, value, _ := strings.Cut(line, "=")
		var err error
		switch {
		case strings.TrimSpace(line) == "" || line[0] == '#':
			continue
		case !strings.HasPrefix(name, configPrefix) || value == "":
			err = fmt.Errorf("%s: %w", quoted(line), refuse.ErrConfigLine)
		default:
			err = c.take(name, value)
		}
		if err != nil {
			wrong = append(wrong, fmt.Errorf("line %d: %w", number, err))
		}
	}
	return errors.Join(wrong...)
}

// A KernelConfig holds the configuration of a kernel.
type KernelConfig struct{ values map[string]string }

// ParseKernelConfig reads the text of a kernel's configuration. Lines that set nothing are of no
// matter. Of several values of one option the first counts.
func ParseKernelConfig(text string) *KernelConfig {
	const usual = 64 // bytes of a line
	k := &KernelConfig{values: make(map[string]string, len(text)/usual)}
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, configPrefix) {
			continue
		}
		name, value, sets := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if _, twice := k.values[name]; sets && !twice {
			k.values[name] = value
		}
	}
	return k
}

// ReadKernel takes the values that are still missing from the configuration of the running kernel.
// All values that do not fit their options are named.
func (c *Config) ReadKernel(k *KernelConfig) error {
	var wrong []error
	missing, _ := c.Missing()
	for _, i := range missing {
		name := c.list.Externs[i].Name
		value, has := k.values[name]
		if !has {
			continue
		}
		if err := c.take(name, value); err != nil {
			wrong = append(wrong, err)
		}
	}
	return errors.Join(wrong...)
}

// take gives an option the value that a text has for it, unless it has one.
func (c *Config) take(name, value string) error {
	i, has := c.list.Named(name)
	if !has || c.set[i] || c.list.Externs[i].Kind != Option {
		return nil
	}
	if err := c.list.Externs[i].encode(c.data(i), value, c.order); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	c.set[i] = true
	return nil
}

// SetNumber gives an option that loaders fill in its value.
func (c *Config) SetNumber(i int, n uint64) error {
	e := &c.list.Externs[i]
	if err := e.encodeNumber(c.data(i), n, false, c.order); err != nil {
		return fmt.Errorf("%s: %w", e.Name, err)
	}
	c.set[i] = true
	return nil
}

// Missing lists the options without a value that a configuration has, and those that a loader fills
// in, by index.
func (c *Config) Missing() (ofConfig, ofLoader []int) {
	for i := range c.list.Externs {
		switch e := &c.list.Externs[i]; {
		case e.Kind != Option || c.set[i]:
		case e.ofConfig():
			ofConfig = append(ofConfig, i)
		case e.ofLoader():
			ofLoader = append(ofLoader, i)
		}
	}
	return ofConfig, ofLoader
}

func (c *Config) data(i int) []byte {
	e := &c.list.Externs[i]
	return c.Data[e.Offset : e.Offset+e.Size]
}
