// SPDX-License-Identifier: Apache-2.0

// Command mkshell makes the archive with the shell for test guests: u-root's
// commands, as one program with many names, in newc format.
//
//	go run ./vmtest/image/mkshell -o bin/shell.cpio
//
// It needs the Go tool chain, and the commands' packages in the module graph.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/u-root/gobusybox/src/pkg/golang"
	"github.com/u-root/mkuimage/cpio"
	"github.com/u-root/mkuimage/uimage"
	"github.com/u-root/uio/llog"

	"github.com/loadstone-bpf/loadstone/vmtest/wholefile"
)

// core names where u-root keeps its commands.
const core = "github.com/u-root/u-root/cmds/core/"

// commands lists those that help to look at a kernel from within. gosh is the
// shell.
var commands = []string{
	"basename", "cat", "chmod", "cp", "date", "df", "dirname",
	"dmesg", "du", "echo", "false", "find", "free", "gosh", "grep", "gzip",
	"head", "hexdump", "hostname", "id", "insmod", "ip", "kill", "ln", "ls",
	"lsmod", "mkdir", "mkfifo", "mknod", "mktemp", "more", "mount", "mv",
	"netstat", "pci", "ping", "poweroff", "printenv", "ps", "pwd", "readlink",
	"realpath", "rm", "rmmod", "seq", "sleep", "sort", "strace", "strings",
	"stty", "sync", "tail", "tar", "tee", "time", "timeout", "touch", "tr",
	"true", "ts", "umount", "uname", "uniq", "unshare", "uptime",
	"wc", "which", "xargs", "yes",
}

func main() {
	out := flag.String("o", "bin/shell.cpio", "where the archive is written")
	goarch := flag.String("arch", runtime.GOARCH, "GOARCH of the guest")
	flag.Parse()
	if err := run(*out, *goarch); err != nil {
		fmt.Fprintln(os.Stderr, "mkshell:", err)
		os.Exit(1)
	}
}

func run(out, goarch string) (err error) {
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "mkshell-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()

	packages := make([]string, len(commands))
	for i, name := range commands {
		packages[i] = core + name
	}
	// A half archive must not look like one that is done.
	archive, err := wholefile.Create(out, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, archive.Cleanup()) }()
	err = uimage.Create(llog.Default(),
		uimage.WithTempDir(scratch),
		uimage.WithEnv(golang.DisableCGO(), golang.WithGOARCH(goarch)),
		uimage.WithBaseArchive(cpio.InMemArchive()),
		uimage.WithBusyboxCommands(packages...),
		uimage.WithShell("gosh"),
		uimage.WithCPIOOutput(archive.Name()),
	)
	if err != nil {
		return err
	}
	return archive.CloseAtomicallyReplace()
}
