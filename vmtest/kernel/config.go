// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Config holds a kernel's configuration, the file that is called .config in a
// build tree and config-<release> in /boot.
type Config struct{ values map[string]string }

// Setting describes what a configuration says about a symbol.
type Setting string

// Symbols that are numbers or strings have other settings than these.
const (
	Yes     Setting = "y"
	Modular Setting = "m"
	No      Setting = "n"      // known to the kernel, and off
	Absent  Setting = "absent" // not known, or hidden by what it depends on
)

// ReadConfig reads the configuration in the file at path, which may be gzipped
// as /proc/config.gz is.
func ReadConfig(path string) (*Config, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	r, err := decompress(file, filepath.Ext(path))
	if err != nil {
		return nil, fmt.Errorf("configuration %s: %w", path, err)
	}
	config, err := ParseConfig(r)
	if err != nil {
		return nil, fmt.Errorf("configuration %s: %w", path, err)
	}
	return config, nil
}

// ParseConfig parses a configuration. It returns an error for a line that is
// none of "CONFIG_X=value", "# CONFIG_X is not set", a comment or empty.
func ParseConfig(r io.Reader) (*Config, error) {
	config := &Config{values: map[string]string{}}
	lines := bufio.NewScanner(r)
	for number := 1; lines.Scan(); number++ {
		line := strings.TrimSpace(lines.Text())
		if comment, ok := strings.CutPrefix(line, "#"); ok || line == "" {
			if symbol, ok := strings.CutSuffix(strings.TrimSpace(comment), " is not set"); ok {
				config.values[strings.TrimPrefix(symbol, "CONFIG_")] = string(No)
			}
			continue
		}
		name, value, assigned := strings.Cut(line, "=")
		symbol, prefixed := strings.CutPrefix(name, "CONFIG_")
		if !assigned || !prefixed || symbol == "" || value == "" {
			return nil, fmt.Errorf("line %d is no setting: %.60q", number, line)
		}
		config.values[symbol] = value
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	return config, nil
}

// Has returns the setting of a symbol, which is named without CONFIG_. That of
// a string is without its quotes.
func (c *Config) Has(symbol string) Setting {
	value, ok := c.values[symbol]
	if !ok {
		return Absent
	}
	if len(value) >= 2 && value[0] == '"' && value[len(value)-1] == '"' {
		value = value[1 : len(value)-1]
	}
	return Setting(value)
}

// On reports whether a symbol is built in or a module.
func (c *Config) On(symbol string) bool {
	setting := c.Has(symbol)
	return setting == Yes || setting == Modular
}
