// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strings"
)

// compile compiles a driver in C with the host's compiler, against the headers and libraries of the
// sysroot; against the host's where the version comes from no suite.
func (r *request) compile(
	ctx context.Context, compiler string, w *workspace, sys *sysroot,
) ([]byte, error) {
	dir := w.path("source")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	for name, text := range r.sources {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return nil, err
		}
	}
	cmd := exec.CommandContext(ctx, compiler, r.compilerArgs(sys)...)
	cmd.Dir = dir // and file names are relative, so that no path of this run gets into the program
	said, err := run(cmd)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrCompile, r.Manifest.Build.C, err)
	}
	if sys != nil {
		if err := sys.checkInputs(said); err != nil {
			return nil, err
		}
	}
	return os.ReadFile(filepath.Join(dir, "program"))
}

func (r *request) compilerArgs(sys *sysroot) []string {
	build := r.Manifest.Build
	args := []string{
		"-std=c11", "-O2", "-Wall", "-Wextra", "-s", fmt.Sprintf("-DDRIVER_VERSION=%q", r.version),
	}
	if sys != nil {
		args = append(args, sys.compilerArgs()...)
	}
	args = append(args, "-o", "program", path.Base(build.C))
	for _, library := range build.Libraries {
		args = append(args, "-l"+library)
	}
	return args
}

// compilerArgs make gcc read headers and libraries of the sysroot alone. It looks for libraries and
// crt1.o there, but before that in the folders beside itself, which are the host's; -B goes before
// those. -H and --trace tell what was read, for checkInputs.
func (s *sysroot) compilerArgs() []string {
	return []string{
		"--sysroot=" + s.dir, "-B" + filepath.Join(s.dir, s.dirs()[0]) + "/", "-H", "-Wl,--trace",
	}
}

// checkInputs sees that no header or library of the host has been read, by what the compiler said
// of each file. What comes with the compiler itself is not the host's.
func (s *sysroot) checkInputs(said []byte) error {
	for line := range strings.Lines(string(said)) {
		file := strings.TrimSpace(line)
		if dots, header, ok := strings.Cut(file, " "); ok && strings.Trim(dots, ".") == "" {
			// -H puts a dot before a header for each that it is included from, and a blank
			file = header
		}
		if !path.IsAbs(file) {
			continue
		}
		file = path.Clean(file)
		ours := strings.HasPrefix(file, s.dir+"/") || strings.HasPrefix(file, "/usr/lib/gcc") ||
			strings.HasPrefix(file, os.TempDir()+"/")
		if !ours {
			return fmt.Errorf("%w: the compiler has read the host's %s", ErrCompile, file)
		}
	}
	return nil
}

// compiler returns the compiler of the host that a driver takes, if it takes one.
func (r *request) compiler() (string, error) {
	if r.Arch.Name != runtime.GOARCH {
		return "", fmt.Errorf("%w for %s: %s is compiled on a machine of its architecture",
			ErrNoCompiler, r.Arch.Name, r.Manifest.Name)
	}
	if build := r.Manifest.Build; build != nil && build.Rust != "" {
		return "", nil // it is among the packages
	}
	compiler, err := exec.LookPath("gcc")
	if err != nil {
		return "", fmt.Errorf("%w: %s is a driver in C; install gcc (on Debian: apt install gcc)",
			ErrNoCompiler, r.Manifest.Name)
	}
	return compiler, nil
}

// goProgram returns the program of a driver in Go: compiled from the sources if the manifest has a
// folder, else the one that was compiled with loadstone.
func (r *request) goProgram(ctx context.Context) ([]byte, error) {
	if r.Manifest.Dir == "" {
		return r.shippedProgram()
	}
	compiler, err := exec.LookPath("go")
	if err != nil {
		return nil, fmt.Errorf("%w: %s is a driver in Go; install Go, https://go.dev/dl",
			ErrNoCompiler, r.Manifest.Name)
	}
	dir, err := os.MkdirTemp("", "loadstone-driver")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "program")
	where, what := r.Manifest.Dir, r.Manifest.Build.Go
	if module, own := r.suite.Module(); own {
		where, what = filepath.Join(where, module), "."
	}
	cmd := exec.CommandContext(ctx, compiler, "build", "-trimpath", "-buildvcs=false", "-ldflags",
		"-s -w", "-o", program, what)
	cmd.Dir = where
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+r.Arch.Name)
	if r.Offline {
		cmd.Env = append(cmd.Env, "GOPROXY=off", "GOTOOLCHAIN=local")
	}
	if _, err := run(cmd); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrCompile, filepath.Join(where, what), err)
	}
	return os.ReadFile(program)
}

func (r *request) shippedProgram() ([]byte, error) {
	name, err := r.programPath()
	if err != nil {
		return nil, err
	}
	program, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s, which make build puts there", ErrNoFile, name)
	}
	return program, err
}

// run runs a compiler, or what calls one. Its error holds the first complaints of the compiler.
func run(cmd *exec.Cmd) (said []byte, err error) {
	const most = 12 // lines: what one mistake makes a compiler say
	said, err = cmd.CombinedOutput()
	if err == nil {
		return said, nil
	}
	var lines []string
	for line := range strings.Lines(string(said)) {
		// Paths alone are what -H and --trace say.
		if len(strings.Fields(strings.TrimLeft(line, "."))) > 1 && len(lines) < most {
			lines = append(lines, strings.TrimRight(line, "\n"))
		}
	}
	return said, fmt.Errorf("%w\n%s", err, strings.Join(lines, "\n"))
}
