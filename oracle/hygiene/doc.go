// SPDX-License-Identifier: Apache-2.0

// Package hygiene proves that a kernel is as it was, so that a guest can be used again.
//
// [Begin] takes how things are, and [Watch.Look] says what differs. What counts is the whole
// kernel's, or this process's where it is the guest's PID 1; who made it does not matter. A look
// runs after every spec in an emulated machine, where a system call takes some microseconds and
// code that runs for the first time takes far longer. So each [view] returns plain bytes that are
// equal as long as all is as before, and only bytes that differ are taken apart.
//
// What cannot be seen from user space, or is not looked at:
//   - pins in a bpffs that is not in this process's mount namespace, or that another mount covers:
//     the objects that they hold are seen all the same, by their ids;
//   - network devices, addresses, routes and qdiscs of other network namespaces: such a namespace
//     is a change itself, as is the process, thread, descriptor or mount that holds it;
//   - actions of tc that no filter uses, unless they hold a program; neighbors, and rules of
//     routing and of netfilter, but for programs in them;
//   - settings that are not in the tables of setting.go, keys, and System V's ways to communicate;
//   - instances of tracing, the root cgroup's own settings, the mode of a folder that is itself one
//     of [Options.Folders], and files of other file systems below it, such as those of /dev;
//   - what a kernel does once in its life, such as a warning that it gives once, a registration or
//     a cache: orders by other seeds show a spec that depends on it;
//   - what a thread of this process has for itself beside namespaces, CPUs, signals and privileges.
//
// Read change.go (what is said), watch.go (how), view.go, textfile.go and tree.go (what all views
// are built on), then the views: bpf.go, mount.go, pin.go, process.go, namespace.go, network.go and
// attribute.go, cgroup.go, descriptor.go, setting.go (with modules and taint), self.go, folder.go;
// and memory.go, which is none.
package hygiene
