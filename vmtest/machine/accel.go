// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/loadstone-bpf/loadstone/vmtest/wholefile"
)

// ErrNoKVM marks errors about a host on which no KVM guest runs.
var ErrNoKVM = errors.New("no guest runs under KVM")

// Choices of an accelerator, as users write them.
var AccelChoices = []string{"auto", "kvm", "tcg"}

// Accelerators chooses how guests are run. That /dev/kvm opens proves nothing
// (nested hosts make VMs that no guest runs in), so a guest is run.
type Accelerators struct {
	// Cache is the folder where the proof is kept, for this boot of the host
	// and this QEMU; it is made if missing.
	Cache string
	// Log is told why KVM is not used; nil discards it.
	Log *slog.Logger
}

// proof holds what was found out about KVM.
type proof struct {
	HostBoot string `json:"host_boot"`
	QEMU     string `json:"qemu"`
	Works    bool   `json:"works"`
	Reason   string `json:"reason,omitempty"` // why it does not work
}

// Choose returns the accelerator that a user's choice comes to for c: "tcg",
// "kvm", or "auto", which is KVM if a guest runs under it and TCG, after a
// notice to the log, if not. For "kvm" on a host where no guest runs under it,
// the error wraps [ErrNoKVM]; for any other choice it wraps [ErrConfig].
func (a Accelerators) Choose(ctx context.Context, choice string, c Config) (Accel, error) {
	switch choice {
	case "tcg":
		return TCG, nil
	case "auto", "kvm":
	default:
		return "", fmt.Errorf("%w: accelerator %q, want one of %s", ErrConfig, choice,
			strings.Join(AccelChoices, ", "))
	}
	p, err := a.prove(ctx, c)
	if err != nil {
		return "", fmt.Errorf("accelerator: %w", err)
	}
	again := "remove " + a.file()
	switch {
	case p.Works:
		return KVM, nil
	case choice == "kvm":
		return "", fmt.Errorf("%w: %s (to have it tried again, %s)", ErrNoKVM, p.Reason, again)
	}
	Options{Log: a.Log}.logger().Warn("guests are run by TCG, which is slower", "reason",
		ErrNoKVM.Error()+": "+p.Reason, "to have KVM tried again", again)
	return TCG, nil
}

// prove returns the proof for this host, from the cache or by running guests.
func (a Accelerators) prove(ctx context.Context, c Config) (proof, error) {
	c.Accel = KVM
	c, err := c.withDefaults()
	if err != nil {
		return proof{}, err
	}
	p := proof{}
	if p.HostBoot, err = hostBoot(); err != nil {
		return proof{}, err
	}
	if p.QEMU, err = identifyQEMU(ctx, c.Arch.QEMU); err != nil {
		return proof{}, err
	}
	file := a.file()
	if known, ok := readProof(file); ok && known.HostBoot == p.HostBoot && known.QEMU == p.QEMU {
		return known, nil
	}
	switch err := a.tryKVM(ctx, c); {
	case ctx.Err() != nil:
		return proof{}, context.Cause(ctx)
	case err != nil:
		p.Reason = err.Error()
	default:
		p.Works = true
	}
	return p, writeProof(file, p)
}

// file names the proof in the cache.
func (a Accelerators) file() string { return filepath.Join(a.Cache, "kvm.json") }

// readProof reads a proof. One that cannot be read is made again.
func readProof(file string) (proof, bool) {
	b, err := os.ReadFile(file)
	if err != nil {
		return proof{}, false
	}
	var p proof
	return p, json.Unmarshal(b, &p) == nil
}

// writeProof writes a proof at once.
func writeProof(file string, p proof) error {
	b, err := json.Marshal(p)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return wholefile.Write(file, b, 0o600)
}

// tryKVM returns nil if guests run under KVM: first one of a few
// instructions, which fails fast where nothing runs, then the kernel itself up
// to the guest program, since what runs in real mode need not run in long
// mode.
//
// The same kernel boots under TCG beside it. A guest that is not ready before
// that one is of no use, and one that hangs in its first instructions would
// keep a run waiting for all of its boot's deadline.
func (a Accelerators) tryKVM(ctx context.Context, c Config) error {
	f, err := os.OpenFile("/dev/kvm", os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("%w; is your user in the group kvm?", err)
	}
	f.Close()
	kvmCtx, overtake := context.WithCancelCause(ctx)
	defer overtake(nil)
	other := a.startRival(ctx, c, func() { overtake(errOvertaken) })
	o := Options{Log: a.Log}
	if err = runFirmware(kvmCtx, c, o); err == nil {
		err = bootOnce(kvmCtx, c, o)
	}
	if err != nil && context.Cause(kvmCtx) == errOvertaken {
		err = errOvertaken
	}
	other.end(err == nil)
	return err
}

// errOvertaken says why a guest under KVM was waited for no longer.
var errOvertaken = errors.New("a guest was not ready when one under TCG was")

// rival describes a boot under TCG that a guest under KVM is held against.
type rival struct {
	done chan struct{} // closed when nothing of it runs any more

	stopTemplate, stopBoot context.CancelFunc
}

// startRival makes c's template for TCG, which a run needs if KVM does not
// work. Where that is made already, the rival is a boot for nothing else. It
// calls ready when it has booted.
func (a Accelerators) startRival(ctx context.Context, c Config, ready func()) *rival {
	c.Accel = TCG
	r := &rival{done: make(chan struct{})}
	ctx, r.stopTemplate = context.WithCancel(ctx)
	var bootCtx context.Context
	bootCtx, r.stopBoot = context.WithCancel(ctx)
	go func() {
		defer close(r.done)
		booted, err := a.makeTemplate(ctx, c)
		if err == nil && !booted {
			err = bootOnce(bootCtx, c, Options{Log: a.Log})
		}
		if err != nil { // KVM has its deadlines, then
			Options{Log: a.Log}.logger().Debug("no boot under TCG beside KVM", "error", err)
			return
		}
		ready()
	}()
	return r
}

// makeTemplate makes c's template, and reports whether it had to boot for it.
func (a Accelerators) makeTemplate(ctx context.Context, c Config) (booted bool, err error) {
	t, err := Templates{Cache: TemplatesIn(a.Cache), Log: a.Log}.Get(ctx, c)
	if err != nil {
		return false, err
	}
	return t.Made.Ready > 0, t.Close()
}

// bootOnce boots c up to the guest program.
func bootOnce(ctx context.Context, c Config, o Options) error {
	vm, err := Boot(ctx, c, o)
	if err != nil {
		return err
	}
	defer vm.Wait()
	defer vm.Kill()
	select {
	case <-vm.ready:
		return nil
	case <-vm.ended:
		return vm.end
	}
}

// end ends the rival. A template that is being made is completed, unless KVM works.
func (r *rival) end(works bool) {
	r.stopBoot()
	if works {
		r.stopTemplate()
	}
	<-r.done
	r.stopTemplate()
}

// firmwareDeadline gives how long a guest of four instructions may take, in the time that the host
// gives it: the proof is kept until the host is booted anew, however busy it is now.
const firmwareDeadline = 3 * time.Second

// runFirmware runs a machine whose firmware writes to the exit device with its
// first instructions, and returns nil if that came out at QEMU's exit.
func runFirmware(ctx context.Context, c Config, o Options) error {
	firmware := c.Arch.Exit.Firmware()
	if firmware == nil {
		return nil
	}
	dir, err := os.MkdirTemp("", "loadstone-kvm-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "firmware")
	if err := os.WriteFile(file, firmware, 0o644); err != nil {
		return err
	}
	var stderr tail
	cmd := exec.Command(c.Arch.QEMU, "-nodefaults", "-no-user-config", "-display", "none",
		"-no-reboot",
		"-machine", c.Arch.Machine, "-accel", string(c.Accel), "-cpu", c.Arch.CPU, "-smp",
		strconv.Itoa(c.cpus()),
		"-m", "16M", "-bios", file, "-device", c.Arch.Exit.Device)
	cmd.Stderr = &stderr
	if err := startBound(cmd); err != nil {
		return fmt.Errorf("%w: %w", ErrQEMU, err)
	}
	m := newMeter(cmd.Process.Pid, time.Now(), o.Log)
	ctx, cancel := m.within(ctx, firmwareDeadline)
	defer cancel()
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	select {
	case err = <-exited:
	case <-ctx.Done():
		_ = cmd.Process.Kill() // it may be gone already
		<-exited
		_, load := m.SoFar()
		return fmt.Errorf("a guest of four instructions was not done in %v: %w; %v",
			firmwareDeadline, context.Cause(ctx), load)
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == c.Arch.Exit.Status {
		return nil
	}
	line, _, _ := strings.Cut(string(stderr.Bytes()), "\n")
	return fmt.Errorf("%w: %v: %s", ErrQEMU, err, line)
}
