// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"fmt"
	"strings"

	"github.com/loadstone-bpf/loadstone/vmtest/guest/wire"
)

// Descriptors that QEMU inherits, by number.
const (
	fdMonitor = 3 + iota
	fdConsole
	fdRecords
	fdPayload
	fdRing
	// fdState is the state of a machine that resumes, fdNode the first of the
	// nodes' memory of one that a template is made from.
	fdState
	fdNode = fdState
)

// memory says where a machine's memory lies.
type memory struct {
	// files are the nodes' memory, one each; anonymous if empty.
	files []string
	// shared memory is written to its files, private memory is not.
	shared bool
}

// plan holds all that decides QEMU's command line besides the Config.
type plan struct {
	memory memory
	// resume says that the machine goes on from a state instead of booting.
	resume bool
}

// bootPlan returns the plan of a machine that boots and is thrown away.
func bootPlan(Config) plan { return plan{} }

// argv returns QEMU's command line for c, the program first. A machine that
// resumes has the same devices in the same order as the one that was saved:
// QEMU matches them by their place.
func argv(c Config, p plan) []string {
	args := []string{c.Arch.QEMU,
		// Nothing that this program did not ask for, and no file of the
		// user's that adds to it.
		"-nodefaults", "-no-user-config", "-display", "none",
		// A guest that resets has crashed: end instead of booting again.
		"-no-reboot",
		"-machine", c.Arch.Machine,
		"-accel", string(c.Accel),
		"-cpu", c.Arch.CPU,
		// A socket each: the kernel warns of CPUs of one socket, which share a
		// cache, on different nodes.
		"-smp", fmt.Sprintf("%d,sockets=%d,cores=1,threads=1", c.cpus(), c.cpus()),
		"-m", fmt.Sprintf("%dM", c.memoryMiB()),
	}
	args = append(args, nodeArgs(c, p.memory)...)
	args = append(args, channelArgs(c)...)
	args = append(args, payloadArgs(c, p.memory)...)
	args = append(args, ringArgs(c)...)
	if c.Arch.Exit.Device != "" {
		args = append(args, "-device", c.Arch.Exit.Device)
	}
	if p.resume {
		// Not before the monitor has switched the capability on. What was booted is in the
		// template's memory: QEMU would read some 40 MB that no one asks it for.
		return append(args, "-incoming", "defer")
	}
	return append(args,
		"-kernel", c.Kernel,
		"-initrd", c.Image,
		"-append", strings.Join(kernelArgs(c), " "),
	)
}

// nodeArgs returns the options of the NUMA nodes with their memory.
func nodeArgs(c Config, m memory) []string {
	var args []string
	firstCPU := 0
	for i, node := range c.Nodes {
		backend := fmt.Sprintf("memory-backend-ram,id=node%d,size=%dM", i, node.MemoryMiB)
		if len(m.files) > 0 {
			backend = fmt.Sprintf("memory-backend-file,id=node%d,size=%dM,mem-path=%s,share=%s",
				i, node.MemoryMiB, escape(m.files[i]), onOff(m.shared))
		}
		numa := fmt.Sprintf("node,nodeid=%d,memdev=node%d", i, i)
		if node.CPUs > 0 {
			numa += fmt.Sprintf(",cpus=%d-%d", firstCPU, firstCPU+node.CPUs-1)
			firstCPU += node.CPUs
		}
		args = append(args, "-object", backend, "-numa", numa)
	}
	return args
}

// channelArgs returns the options of the monitor and the two serial ports, each a socket that is
// connected already.
func channelArgs(c Config) []string {
	socket := func(id string, fd int) string {
		return fmt.Sprintf("socket,id=%s,fd=%d", id, fd)
	}
	return []string{
		"-chardev", socket("monitor", fdMonitor),
		"-mon", "chardev=monitor,mode=control",
		"-chardev", socket("console", fdConsole),
		c.Arch.Console.Option, fmt.Sprintf(c.Arch.Console.Device, "console"),
		"-chardev", socket("records", fdRecords),
		c.Arch.Records.Option, fmt.Sprintf(c.Arch.Records.Device, "records"),
	}
}

// payloadArgs returns the options of the device through which a guest reads what it is brought. Its
// memory is the guest's peer (master=on), or QEMU would refuse to save it; it is shared where the
// nodes' is, so that it is not written to the state.
func payloadArgs(c Config, m memory) []string {
	if c.Arch.Payload.Driver == "" {
		return nil
	}
	return []string{
		"-object", fmt.Sprintf("memory-backend-file,id=payload,size=%dM,mem-path=/proc/self/fd/%d,share=%s",
			c.PayloadMiB, fdPayload, onOff(m.shared)),
		"-device", c.Arch.Payload.Driver + ",memdev=payload,master=on",
	}
}

// ringArgs returns the options of the device through which a guest's records come. Its memory is
// shared with this program, and so is never part of a state.
func ringArgs(c Config) []string {
	if c.Arch.Ring.Driver == "" {
		return nil
	}
	return []string{
		"-object",
		fmt.Sprintf("memory-backend-file,id=ring,size=%d,mem-path=/proc/self/fd/%d,share=on",
			wire.RingSize, fdRing),
		"-device", c.Arch.Ring.Driver + ",memdev=ring,master=on",
	}
}

// kernelArgs returns the kernel's command line.
func kernelArgs(c Config) []string {
	args := []string{
		"console=" + c.Arch.Console.TTY + ",115200",
		"loadstone.records=" + c.Arch.Records.TTY,
		// An oops is the end, and the end is a reset that -no-reboot turns
		// into QEMU's exit.
		"oops=panic", "panic=-1",
		// What a splat means is decided from the log, not by a reset.
		"panic_on_warn=0",
		"softlockup_panic=1", "hung_task_panic=1", "sysctl.vm.panic_on_oom=1",
		"sysrq_always_enabled=1",
		// /dev/urandom must not wait for entropy that a machine without
		// devices never has. Clones are reseeded.
		"random.trust_cpu=on",
		// A test guest's whole log fits: a log with a hole proves nothing.
		"log_buf_len=4M",
		// Pages of programs stay where they are. Maps' pages never moved, and
		// finding out whether a page should costs a clone a twentieth.
		"numa_balancing=disable",
		// A structure of BPF programs is freed after a grace period of RCU for tasks, before which
		// newer kernels collect callbacks for a quarter of a second. Specs wait for a hundred of
		// them. Older kernels do not know the parameter, and ignore it.
		"rcupdate.rcu_tasks_lazy_ms=0",
		// Errors and worse. A dying kernel turns it up by itself, and the rest
		// of the log is there for the guest to read.
		"loglevel=4",
	}
	if c.Accel == TCG {
		// A CPU that the host does not run for a while has not locked up.
		args = append(args, "watchdog_thresh=30", "rcupdate.rcu_cpu_stall_timeout=60")
	}
	args = append(args, c.Arch.KernelArgs...)
	return append(args, c.KernelArgs...)
}

// escape doubles commas, which separate options.
func escape(s string) string { return strings.ReplaceAll(s, ",", ",,") }

func onOff(b bool) string {
	if b {
		return "on"
	}
	return "off"
}
