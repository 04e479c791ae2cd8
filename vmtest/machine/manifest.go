// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/loadstone-bpf/loadstone/vmtest/wholefile"
)

// errStale says that a template on disk is not what its manifest says.
var errStale = errors.New("not as it was made")

const manifestFile = "manifest.json"

// formatVersion changes when templates of an older program must not be used.
const formatVersion = 2

// identity holds everything that a template depends on. Its hash is the
// template's key.
type identity struct {
	Format int `json:"format"`
	// HostBoot is the host's boot id. A template's memory is never synced to
	// its disk, so it is worth nothing after a crash of the host; and a host
	// that was booted anew may have another CPU, microcode or kernel.
	HostBoot string   `json:"host_boot"`
	QEMU     string   `json:"qemu"` // version, and the file itself
	Command  []string `json:"command"`
	Kernel   string   `json:"kernel"` // SHA-256 of the file
	Image    string   `json:"image"`
}

// manifest completes a template: it is written last.
type manifest struct {
	Identity identity    `json:"identity"`
	State    string      `json:"state"` // SHA-256 of the file
	Memory   []fileStamp `json:"memory"`
	Boot     boot        `json:"boot"`
}

// boot says how long the guest took to get ready: a measure of its speed. It is
// zero where an older program made the template.
type boot struct {
	Took  time.Duration `json:"took"`  // nanoseconds by the clock
	Given time.Duration `json:"given"` // of them, what the host gave it
}

// usualBoot is what a boot takes at most where the deadlines are long enough as
// they are: with TCG on two cores of a small virtual machine it was 4 to 8 s.
const usualBoot = 8 * time.Second

// pace returns how many times as slow as usual a guest is that boots like this,
// at least 1.
func (b boot) pace() float64 { return max(1, float64(b.Given)/float64(usualBoot)) }

// fileStamp tells a file that was written to since. Memory is too large to be
// hashed for each use. No program can set the change time back.
type fileStamp struct {
	Name     string `json:"name"`
	Size     int64  `json:"size"`     // bytes
	Modified int64  `json:"modified"` // nanoseconds since 1970
	Changed  int64  `json:"changed"`  // st_ctim, nanoseconds since 1970
	Inode    uint64 `json:"inode"`
}

// identify returns c's identity.
func identify(ctx context.Context, c Config) (identity, error) {
	boot, err := hostBoot()
	if err != nil {
		return identity{}, err
	}
	qemu, err := identifyQEMU(ctx, c.Arch.QEMU)
	if err != nil {
		return identity{}, err
	}
	kernel, err := wholefile.Digest(c.Kernel)
	if err != nil {
		return identity{}, fmt.Errorf("kernel: %w", err)
	}
	image, err := wholefile.Digest(c.Image)
	if err != nil {
		return identity{}, fmt.Errorf("image: %w", err)
	}
	// Where the files lie does not matter, only what they hold.
	c.Kernel, c.Image = "kernel", "image"
	t := Template{config: c}
	return identity{
		Format:   formatVersion,
		HostBoot: boot,
		QEMU:     qemu,
		Command:  argv(c, t.making()),
		Kernel:   kernel,
		Image:    image,
	}, nil
}

// key returns a name for id, good for a file.
func (id identity) key() (string, error) {
	b, err := json.Marshal(id)
	if err != nil {
		return "", err
	}
	return wholefile.DigestOf(b)[:32], nil
}

// hostBoot returns a text that changes with each boot of the host.
func hostBoot() (string, error) {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(b)), err
}

// identifyQEMU returns what tells one QEMU from another: two builds of one
// version need not read each other's states.
func identifyQEMU(ctx context.Context, program string) (string, error) {
	file, err := exec.LookPath(program)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrQEMU, err)
	}
	info, err := os.Stat(file)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrQEMU, err)
	}
	line, err := version(ctx, program)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s; %s; %d bytes of %d", line, file, info.Size(),
		info.ModTime().UnixNano()), nil
}

func stampFile(name string) (fileStamp, error) {
	info, err := os.Stat(name)
	if err != nil {
		return fileStamp{}, err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return fileStamp{}, fmt.Errorf("%s: no inode", name)
	}
	return fileStamp{
		Name: filepath.Base(name), Size: info.Size(), Modified: info.ModTime().UnixNano(),
		Changed: stat.Ctim.Nano(), Inode: stat.Ino,
	}, nil
}

// take makes the manifest of a template that is complete.
func (t *Template) manifest(id identity) (manifest, error) {
	state, err := wholefile.Digest(t.path(stateFile))
	if err != nil {
		return manifest{}, err
	}
	m := manifest{Identity: id, State: state}
	for _, file := range t.memoryFiles() {
		stamp, err := stampFile(file)
		if err != nil {
			return manifest{}, err
		}
		m.Memory = append(m.Memory, stamp)
	}
	m.Boot = boot{Took: t.Made.Ready, Given: t.Made.Given}
	return m, nil
}

// verify reports whether the files of t are what its manifest says, and reads
// how long its boot took.
func (t *Template) verify() error {
	b, err := os.ReadFile(t.path(manifestFile))
	if err != nil {
		return err
	}
	var written manifest
	if err := json.Unmarshal(b, &written); err != nil {
		return fmt.Errorf("%w: %s: %w", errStale, manifestFile, err)
	}
	now, err := t.manifest(written.Identity)
	if err != nil {
		return fmt.Errorf("%w: %w", errStale, err)
	}
	if now.State != written.State {
		return fmt.Errorf("%w: %s", errStale, stateFile)
	}
	if len(now.Memory) != len(written.Memory) {
		return fmt.Errorf("%w: %d memory files", errStale, len(written.Memory))
	}
	for i, stamp := range now.Memory {
		if stamp != written.Memory[i] {
			return fmt.Errorf("%w: %s", errStale, stamp.Name)
		}
	}
	t.boot = written.Boot
	return nil
}
