// SPDX-License-Identifier: Apache-2.0

package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/u-root/u-root/pkg/kmodule"

	"github.com/loadstone-bpf/loadstone/vmtest/kernel"
)

// moduleList names the file from which the guest learns what to load; package
// guest reads it.
const moduleList = "etc/modules"

// addModules adds the modules, what they need, and the index by which kmodule
// and modprobe find them in the guest.
func (o Options) addModules(ctx context.Context, c *contents) error {
	modules, err := o.Kernel.Modules()
	if err != nil {
		return err
	}
	closure, err := modules.Closure(o.Modules...)
	if err != nil {
		return err
	}
	dir := "lib/modules/" + o.Kernel.Release
	for _, m := range closure {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		content, err := readModule(m)
		if err != nil {
			return err
		}
		c.putFile(path.Join(dir, uncompressed(m.File)), content, 0o644)
	}
	index, err := indexOf(modules, closure)
	if err != nil {
		return err
	}
	c.putFile(path.Join(dir, "modules.dep"), index, 0o644)
	builtin, err := o.builtin()
	if err != nil {
		return err
	}
	c.putFile(path.Join(dir, "modules.builtin"), builtin, 0o644)
	c.putFile(moduleList, []byte(strings.Join(o.Modules, "\n")+"\n"), 0o644)
	return nil
}

// maxModule gives the size in bytes of the largest module that is unpacked.
const maxModule = 64 << 20

// readModule returns a module's content, uncompressed: unpacking it once here
// is cheaper than in every boot.
func readModule(m kernel.Module) ([]byte, error) {
	f, err := os.Open(m.Path)
	if err != nil {
		return nil, fmt.Errorf("module %s: %w", m.Name, err)
	}
	defer f.Close()
	r, err := kmodule.CompressionReader(f)
	if err != nil {
		return nil, fmt.Errorf("module %s: %w", m.Path, err)
	}
	content, err := io.ReadAll(io.LimitReader(r, maxModule+1))
	if err != nil {
		return nil, fmt.Errorf("module %s: %w", m.Path, err)
	}
	if len(content) > maxModule {
		return nil, fmt.Errorf("module %s: unpacks to more than %d MiB", m.Path, maxModule>>20)
	}
	return content, nil
}

// uncompressed returns a module's file name without its compression.
func uncompressed(file string) string {
	for _, suffix := range []string{".xz", ".zst", ".gz"} {
		file = strings.TrimSuffix(file, suffix)
	}
	return file
}

// indexOf returns the modules.dep of these modules: a line each, with what it
// needs, the nearest first (modules.dep(5)).
func indexOf(modules *kernel.Modules, closure []kernel.Module) ([]byte, error) {
	var index bytes.Buffer
	for _, m := range closure {
		needs, err := modules.Closure(m.Name)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&index, "%s:", uncompressed(m.File))
		// Closure ends with the module itself, after all that it needs.
		for i := len(needs) - 2; i >= 0; i-- {
			fmt.Fprintf(&index, " %s", uncompressed(needs[i].File))
		}
		index.WriteByte('\n')
	}
	return index.Bytes(), nil
}

// builtin returns the kernel's modules.builtin, by which the guest knows that
// a module need not be loaded.
func (o Options) builtin() ([]byte, error) {
	if o.Kernel.ModulesDir == "" {
		return nil, nil
	}
	b, err := os.ReadFile(filepath.Join(o.Kernel.ModulesDir, "modules.builtin"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return b, err
}
