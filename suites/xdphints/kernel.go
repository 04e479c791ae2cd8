// SPDX-License-Identifier: Apache-2.0

package xdphints

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"runtime"
	"strings"

	"github.com/cilium/ebpf/btf"
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/suites/rtnetlink"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// onThisThread does something on one thread, and returns the thread's name as the kernel keeps it.
func onThisThread(s *Session, do func() []uint64) (name string, answers []uint64) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	text, err := os.ReadFile("/proc/thread-self/comm")
	s.MustWork(err)
	return strings.TrimSuffix(string(text), "\n"), do()
}

// vethTypes returns the types of module veth, or the kernel's where it is built in. It makes a
// device and removes it, so that the kernel loads the module.
func vethTypes(s *Session) *btf.Spec {
	s.MustWork(rtnetlink.AddVeth("lsxm0"))
	index, err := indexOf("lsxm0")
	s.MustWork(err)
	s.MustWork(rtnetlink.Remove(index))
	types, err := btf.LoadKernelModuleSpec("veth")
	if errors.Is(err, fs.ErrNotExist) {
		types, err = btf.LoadKernelSpec()
	}
	s.MustWork(err)
	return types
}

// mustReadVeth has a program ask for types of module veth.
func mustReadVeth(s *Session, options ...Option) {
	types := vethTypes(s)
	loaded := s.MustLoad(objects.XDPHints.Module, options...)
	var private, queue *btf.Struct
	s.MustWork(types.TypeByName("veth_priv", &private))
	s.MustWork(types.TypeByName("veth_rq", &queue))
	at, err := find(queue, "rx_notify_masked")
	s.MustWork(err)
	Expect(answersOf(loaded, packet(), 3)).
		To(Equal([]uint64{1, uint64(private.Size), uint64(at.offset / 8)}))
}

var _ = It("xdphints.kernel.module", func(s *Session) { mustReadVeth(s) })

// The types of a module in a file are those of the module.
var _ = It("xdphints.split.module", func(s *Session) {
	vethTypes(s)
	raw, err := os.ReadFile("/sys/kernel/btf/veth")
	if errors.Is(err, fs.ErrNotExist) {
		raw, err = os.ReadFile("/sys/kernel/btf/vmlinux") // it is built in
	}
	s.MustWork(err)
	file := path.Join(s.Work(), "veth.btf")
	s.PutFile(file, raw)
	mustReadVeth(s, ExtraTypes(file))
})
