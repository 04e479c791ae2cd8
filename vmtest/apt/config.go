// SPDX-License-Identifier: Apache-2.0

package apt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/vmtest/wholefile"
)

// writeConfig writes the root's apt.conf. APT_CONFIG points to it, and it turns
// off the reading of the host's, of which it holds what is wanted.
func (r *Root) writeConfig() error {
	text := &strings.Builder{}
	set := func(option, value string) { fmt.Fprintf(text, "%s \"%s\";\n", option, value) }
	set("Dir::Etc::main", "/dev/null")
	set("Dir::Etc::parts", "/dev/null")
	set("Dir::Etc::sourceparts", "/dev/null")
	set("Dir::Etc::preferences", "/dev/null")
	set("Dir::Etc::preferencesparts", "/dev/null")
	set("Dir::Etc::trusted", "/dev/null")
	set("Dir::Etc::trustedparts", filepath.Join(r.dir, "trusted.d"))
	if r.host.Netrc != "" {
		set("Dir::Etc::netrc", r.host.Netrc)
	}
	if r.host.NetrcDir != "" {
		set("Dir::Etc::netrcparts", r.host.NetrcDir)
	}
	set("APT::Architecture", r.options.Arch)
	set("APT::Architectures", r.options.Arch)
	// The directories are ours alone, so apt need not, and the user _apt may
	// not, write there.
	set("APT::Sandbox::User", "root")
	// Without this a failed download of a list is a warning.
	set("APT::Update::Error-Mode", "any")
	// Packages are looked up in an index of our own, not in apt's large caches.
	set("Dir::Cache::pkgcache", "")
	set("Dir::Cache::srcpkgcache", "")
	set("Acquire::AllowInsecureRepositories", "false")
	set("Acquire::AllowWeakRepositories", "false")
	set("Acquire::AllowDowngradeToInsecureRepositories", "false")
	set("Acquire::Languages", "none")
	// Patches of lists save bytes and cost more time than they save.
	set("Acquire::PDiffs", "false")
	set("Acquire::GzipIndexes", "true")
	for _, line := range r.host.Acquire {
		text.WriteString(line + "\n")
	}
	// The host's options may hold the password of a proxy.
	return updateFile(r.configPath(), []byte(text.String()), 0o600)
}

func (r *Root) configPath() string { return filepath.Join(r.dir, "apt.conf") }

// updateFile writes a file whole, unless that is its content already.
func updateFile(path string, data []byte, mode os.FileMode) error {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, data) {
		return nil
	}
	return wholefile.Write(path, data, mode)
}

// command describes a program of apt's or dpkg's. It dies with ctx and with this
// process, and is out of reach of the terminal's Ctrl-C, so that an interrupted
// run ends with the one message of its own.
type command struct {
	*exec.Cmd
	output bytes.Buffer
}

func newCommand(ctx context.Context, config, name string, args ...string) *command {
	c := &command{Cmd: exec.CommandContext(ctx, name, args...)}
	c.Env = append(os.Environ(), "LC_ALL=C", "APT_CONFIG="+config)
	c.Stderr = &c.output
	c.SysProcAttr = &unix.SysProcAttr{Setpgid: true, Pdeathsig: unix.SIGKILL}
	c.Cancel = func() error { return unix.Kill(-c.Process.Pid, unix.SIGKILL) }
	c.WaitDelay = 5 * time.Second
	return c
}

// run runs the program to its end. What went wrong is told as in [Error], where
// what says what was being done.
func (c *command) run(ctx context.Context, what string) error {
	// Pdeathsig is about the death of the thread that started the program.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := c.Run()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w", what, ctx.Err())
	case errors.Is(err, exec.ErrNotFound):
		return fmt.Errorf("%s: %w: %w", what, ErrNotInstalled, err)
	}
	return explain(what, err, c.output.Bytes())
}
