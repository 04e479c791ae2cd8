// SPDX-License-Identifier: Apache-2.0

package structops

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/loadstone-bpf/loadstone/oracle"
)

// settling is how long the kernel may take to free what no one holds: descriptors that were closed
// and links are freed by workers.
const settling = 2 * time.Second

// glance is how long what is seen to hold a structure may take to let go of it: a process that only
// looks at its map, such as another loadstone ops, or a link whose last pin was removed and that
// the kernel has yet to free.
const glance = 500 * time.Millisecond

// waitGone waits until the kernel has freed a structure that was unregistered: for as long as wait,
// or a moment longer where what holds it may let go of its own. before is what was known of it.
// When ctx ends, the error says what holds it then.
func waitGone(ctx context.Context, before Structure, wait time.Duration) error {
	asked := time.Now()
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		facts, err := oracle.StructOps(before.ID)
		if errors.Is(err, oracle.ErrNoSuchObject) {
			return nil
		}
		if err != nil {
			return err
		}
		if waited := time.Since(asked); waited >= wait || ctx.Err() != nil {
			why, err := whatHolds(before, facts.References)
			if errors.Is(err, ErrNotThere) {
				return nil
			}
			if err != nil {
				return err
			}
			if waited >= max(wait, why.patience) || ctx.Err() != nil {
				return why.err
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// A held says why the kernel has not freed a structure.
type held struct {
	err      error
	patience time.Duration // that it deserves before it counts
}

// whatHolds finds out what still holds a structure that was unregistered.
func whatHolds(before Structure, references uint32) (held, error) {
	now, err := ReadOne(before.ID)
	if err != nil {
		return held{}, err
	}
	switch {
	case now.Registered:
		return held{fmt.Errorf("%v: %w: it is still registered, by %s", &now, ErrHeld,
			registration(now)), settling}, nil
	case len(now.Holders) > 0 && references == 0:
		return held{fmt.Errorf("%v: %w: it is not registered, and its map goes when %s closes it",
			&now, ErrHeld, processes(now.Holders)), glance}, nil
	case references > 0 && before.Registered:
		return held{fmt.Errorf("%v: %w: it is unregistered now; %s it, and the kernel frees it with "+
			"the last%s", &now, ErrInUse, users(references), also(now)), glance}, nil
	case references > 0:
		return held{fmt.Errorf("%v: %w: it was unregistered before; %s it, and the kernel frees it "+
			"with the last%s", &now, ErrBeingFreed, users(references), also(now)), glance}, nil
	}
	return held{fmt.Errorf("%v: %w: it is not registered, and its map is held where this process "+
		"sees nothing: by a pin of another mount namespace, or a process of another PID namespace",
		&now, ErrHeld), settling}, nil
}

// registration says what registers a structure.
func registration(s Structure) string {
	if len(s.Links) == 0 {
		return "its map"
	}
	var all []string
	for _, l := range s.Links {
		by := fmt.Sprintf("link %d", l.ID)
		if len(l.Holders) > 0 {
			by += ", which is held by " + processes(l.Holders)
		}
		all = append(all, by)
	}
	return strings.Join(all, "; ")
}

// users counts what holds a structure in the kernel.
func users(references uint32) string {
	if references == 1 {
		return "1 user in the kernel, such as a connection, still holds"
	}
	return fmt.Sprintf("%d users in the kernel, such as connections, still hold", references)
}

// also says which processes hold the map as well.
func also(s Structure) string {
	if len(s.Holders) == 0 {
		return ""
	}
	return "; its map is held by " + processes(s.Holders)
}

// processes lists processes in words.
func processes(all []Process) string {
	each := make([]string, len(all))
	for i, p := range all {
		each[i] = p.String()
	}
	word := "process "
	if len(all) > 1 {
		word = "processes "
	}
	return word + strings.Join(each, ", ")
}
