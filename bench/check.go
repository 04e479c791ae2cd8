// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// The most that checks of users' objects may take, in boots of 6.12, which takes 3 to 5 s on two
// cores: one object with three loaders on five kernels (6 s); so many objects with three loaders on
// one kernel (250 of them on five kernels in 12 minutes); the first line on the screen (1 s).
const (
	manyObjects   = 25
	oneCheckBar   = 2.0
	manyChecksBar = 3.0
	firstLineBar  = 0.2
)

// measureChecks measures 'loadstone check' with the templates there.
func measureChecks(ctx context.Context, o options, s *sheet) (err error) {
	if o.wholes == 0 {
		return nil
	}
	dir, err := os.MkdirTemp("", "loadstone-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	paths, err := someObjects()
	if err != nil {
		return err
	}
	y, err := newYardstick(ctx, o, whole, dir)
	if err != nil {
		return err
	}
	c := command{options: o, dir: dir, check: true}
	// What the first check makes, those that are measured find.
	if _, err := c.run(ctx, paths[0])(); err != nil {
		return err
	}
	if err := y.show(ctx, o, s, "check of one object, five kernels, three loaders", oneCheckBar,
		c.run(ctx, paths[0])); err != nil {
		return err
	}
	if err := y.show(ctx, o, s, "first line of a check", firstLineBar,
		func() (float64, error) { return c.firstLine(ctx, paths[0]) }); err != nil {
		return err
	}
	many := append([]string{"--kernel", whole}, paths...)
	return y.show(ctx, o, s, fmt.Sprintf("check of %d objects, three loaders", len(paths)), manyChecksBar,
		c.run(ctx, many...))
}

// someObjects returns the paths of objects of all suites.
func someObjects() ([]string, error) {
	all, err := filepath.Glob("objects/*/el/*.o")
	if err != nil {
		return nil, err
	}
	if len(all) < manyObjects {
		return nil, fmt.Errorf("%d objects in objects/*/el, want %d: run this in the folder of the module",
			len(all), manyObjects)
	}
	var some []string
	for i := range manyObjects {
		some = append(some, all[i*len(all)/manyObjects])
	}
	return some, nil
}

// anyLine matches every line.
var anyLine = regexp.MustCompile("")

// firstLine returns the seconds from the start of a check to its first line, and ends it.
func (c command) firstLine(ctx context.Context, args ...string) (float64, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	cmd, err := c.prepare(ctx, args...)
	if err != nil {
		return 0, err
	}
	return untilLine(cmd, anyLine, stop)
}
