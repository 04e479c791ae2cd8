// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/loadstone-bpf/loadstone/drivers/rust"
)

// workshop names the folder of the sysroot in which a driver in Rust is compiled.
const workshop = "/driver"

// protocol names the module that every driver in Rust is given, by its folder in the workshop.
const protocol = "protocol"

// compileRust compiles a driver in Rust with the compiler and the crates of the suite's packages.
// The sysroot is its root: cargo's parts are found by absolute paths, and what cargo builds on its
// way, such as macros, runs with the suite's libraries. No crate comes from anywhere else.
func (r *request) compileRust(ctx context.Context, sys *sysroot) ([]byte, error) {
	if sys == nil {
		return nil, fmt.Errorf("%w: %s is a driver in Rust, whose compiler comes from packages",
			ErrNoCompiler, r.Manifest.Name)
	}
	files := map[string][]byte{
		path.Join(workshop, "Cargo.toml"): r.cargoManifest(),
		path.Join(workshop, "main.rs"):    r.sources[path.Base(r.Manifest.Build.Rust)],
		"/dev/null":                       nil, // what programs are given that have no input
		"/tmp/.keep":                      nil,
	}
	for name := range rust.Module() {
		name = path.Join(protocol, name)
		files[path.Join(workshop, name)] = r.sources[name]
	}
	for name, text := range files {
		name = filepath.Join(sys.dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755),
			os.WriteFile(name, text, 0o644)); err != nil {
			return nil, err
		}
	}
	if _, err := run(r.cargo(ctx, sys)); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrCompile, r.Manifest.Build.Rust, err)
	}
	return sys.root.ReadFile(path.Join(workshop, "target/release/driver")[1:])
}

// cargoManifest returns the driver as cargo sees it. Whichever versions of other crates than the
// loader's own the suite has are the right ones. Its source can tell versions apart, as in
// #[cfg(driver_version = "0.27.2")], where the crate's own names differ.
func (r *request) cargoManifest() []byte {
	text := &strings.Builder{}
	text.WriteString("[package]\nname = \"driver\"\nversion = \"0.0.0\"\nedition = \"2021\"\n")
	text.WriteString("[[bin]]\nname = \"driver\"\npath = \"main.rs\"\n")
	text.WriteString("[lints.rust]\nunexpected_cfgs = { level = \"warn\", check-cfg = [\"cfg(driver_version, values(any()))\"] }\n")
	// it is compiled more often than it runs long
	text.WriteString("[profile.release]\nstrip = true\nopt-level = 1\n[dependencies]\n")
	for _, crate := range r.Manifest.Build.Libraries {
		fmt.Fprintf(text, "%q = %q\n", crate, r.crateVersion(crate))
	}
	return []byte(text.String())
}

// crateVersion returns what cargo is to take of a crate. Of the loader itself it is the version
// that was asked for, and "*" would not do, since that means nothing that is not released, such as
// 0.25.0-beta.1.
func (r *request) crateVersion(crate string) string {
	if crate == r.Manifest.Name {
		return "=" + r.version
	}
	return "*"
}

// cargo returns the command that compiles, in the sysroot. A user other than root is root in a user
// namespace for that.
func (r *request) cargo(ctx context.Context, sys *sysroot) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "/usr/bin/cargo", "build", "--release", "--offline",
		"--config", `source.crates-io.replace-with="debian"`, "--config", `source.debian.directory="/usr/share/cargo/registry"`)
	cmd.Dir = workshop
	cmd.Env = []string{
		"PATH=/usr/bin", "HOME=/tmp", "CARGO_HOME=/tmp/cargo", "DRIVER_VERSION=" + r.version,
		// Packages give it the name cc only when they are installed.
		"CC=/usr/bin/gcc",
		fmt.Sprintf("RUSTFLAGS=-Clinker=/usr/bin/gcc --cfg driver_version=%q", r.version),
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: sys.dir}
	if uid, gid := os.Geteuid(), os.Getegid(); uid != 0 {
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: uid, Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: gid, Size: 1}}
	}
	return cmd
}
