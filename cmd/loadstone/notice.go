// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
)

// notices prints what the packages below tell the user, a sentence a line: "loadstone: guests are
// run by TCG, which is slower (reason: …)".
type notices struct{ w io.Writer }

func (notices) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

func (n notices) Handle(_ context.Context, r slog.Record) error {
	line := "loadstone: " + r.Message
	r.Attrs(func(a slog.Attr) bool {
		line += fmt.Sprintf(" (%s: %v)", a.Key, a.Value)
		return true
	})
	_, err := fmt.Fprintln(n.w, line)
	return err
}

// once hands each sentence on only the first time.
type once struct {
	notices
	said map[string]bool
}

func (o once) Handle(ctx context.Context, r slog.Record) error {
	if o.said[r.Message] {
		return nil
	}
	o.said[r.Message] = true
	return o.notices.Handle(ctx, r)
}

func (n notices) WithAttrs([]slog.Attr) slog.Handler { return n }
func (n notices) WithGroup(string) slog.Handler      { return n }
