// SPDX-License-Identifier: Apache-2.0

// Command corpus brings objects that no one here wrote, and makes a page of how they load.
//
//	go run ./check/corpus fetch -out DIR
//	go run ./check/corpus page -objects DIR -check FILE... -page FILE
//
// The first fetches what check/corpus.yaml names, packages of Debian's and Go modules, and puts
// every object into DIR, in a folder for each source. The second reads what 'loadstone check DIR'
// saw, check.jsonl in its folder. 'make corpus' does all three.
//
// Read main.go, sources.go (what is named), fetch.go (how it comes), page.go.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := command(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "corpus:", err)
		os.Exit(3)
	}
}

var errUsage = errors.New("usage: corpus fetch -out DIR | page -objects DIR -check FILE... -page FILE")

func command(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errUsage
	}
	flags := flag.NewFlagSet("corpus "+args[0], flag.ContinueOnError)
	list := flags.String("corpus", "check/corpus.yaml", "what there is to fetch")
	out := flags.String("out", "out/corpus/objects", "fetch: where objects go")
	objects := flags.String("objects", "out/corpus/objects", "page: where they are")
	var seen []string
	flags.Func("check", "page: what 'loadstone check' saw, a `FILE`; may be repeated, for other kernels (default out/corpus/check.jsonl)",
		func(path string) error { seen = append(seen, path); return nil })
	page := flags.String("page", "docs/corpus.md", "page: what to write")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	sources, err := readSources(*list)
	if err != nil {
		return err
	}
	switch args[0] {
	case "fetch":
		return fetch(ctx, sources, *out)
	case "page":
		if len(seen) == 0 {
			seen = []string{"out/corpus/check.jsonl"}
		}
		return writePage(sources, *objects, seen, *page)
	}
	return errUsage
}
