// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/requirements"
	"github.com/loadstone-bpf/loadstone/suites/runner"
	"github.com/loadstone-bpf/loadstone/suites/runner/surround"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// carryIn carries out a spec, and returns the surroundings of its conversations, in their order.
func carryIn(t *testing.T, l loader.Loader, s spec) (record.Finish, []string) {
	t.Helper()
	var in []string
	r := carryWith(t, t.Context(), l, func(_ *record.Order, d *runner.Deps) {
		usual := d.Driver
		d.Driver = func(
			ctx context.Context, s requirements.Surroundings, trace func(loader.Exchange),
		) (loader.Loader, error) {
			in = append(in, s.String())
			return usual(ctx, s, trace)
		}
	}, s)
	return r.finishes()[s.id], in
}

func TestConversationsAreInTheSurroundingsOfTheirRequirement(t *testing.T) {
	body := func(s *Session) {
		s.AnotherAsRoot()
		s.Another()
		s.Restart()
		s.MustLoad(good)
	}
	for id, want := range map[string][]string{
		"fake.rights": {
			"user 65534, CAP_BPF", "", "user 65534, CAP_BPF", "user 65534, CAP_BPF",
		},
		"fake.rights/usual": {"", "", "", ""},
	} {
		finish, in := carryIn(t, newFake(nil), spec{id: id, body: body})
		if finish.Outcome != record.Passed || !slices.Equal(in, want) {
			t.Errorf("%s: surroundings %q, want %q; %+v", id, in, want, finish)
		}
	}
}

// The folders of a spec are its user's.
func TestFoldersAreTheUsers(t *testing.T) {
	for id, want := range map[string]uint32{"fake.rights": 65534, "fake.rights/usual": 0} {
		owners := make(map[uint32]bool)
		finish, _ := carryIn(t, newFake(nil), spec{
			id: id, body: func(*Session) {}, below: func(x *runner.Execution) {
				for _, dir := range []string{x.Dirs().Work, x.Dirs().BPFFS} {
					var stat unix.Stat_t
					Expect(unix.Stat(x.Own(dir), &stat)).To(Succeed())
					owners[stat.Uid] = true
				}
			},
		})
		if len(owners) != 1 || !owners[want] {
			t.Errorf("%s: owners %v, want %d; %+v", id, owners, want, finish)
		}
	}
}

// A driver that itself takes more than its loader says nothing of the loader. In the usual
// surroundings it is broken.
func TestDriverThatTakesRootIsRefused(t *testing.T) {
	for id, want := range map[string]record.Outcome{
		"fake.rights": record.Refused, "fake.rights/usual": record.Broken,
	} {
		l := newFake(wrong(loader.OpHello, says(&loader.Unsupported{
			Feature: loader.Unprivileged, Reason: "it mounts",
		}, nil)))
		finish, _ := carryIn(t, l, spec{id: id, body: func(s *Session) { s.MustLoad(good) }})
		if finish.Outcome != want {
			t.Errorf("%s: %+v", id, finish)
		}
	}
}

// A process that could not raise its own limit again cannot lower it for a loader.
func TestLimitThatCannotBeGivenIsSkipped(t *testing.T) {
	r := carryWith(t, t.Context(), newFake(nil), func(_ *record.Order, d *runner.Deps) {
		d.Driver = func(
			context.Context, requirements.Surroundings, func(loader.Exchange),
		) (loader.Loader, error) {
			return nil, fmt.Errorf("start: %w", surround.ErrNoLimit)
		}
	}, spec{id: "fake.rights", body: func(s *Session) { s.MustLoad(good) }})
	if got := r.finishes()["fake.rights"]; got.Outcome != record.Skipped {
		t.Errorf("%+v", got)
	}
}
