// SPDX-License-Identifier: Apache-2.0

package verdict

import "errors"

// A Standing says what a verdict means for a search for where a spec begins to fail, or no longer
// does.
type Standing string

// The standings.
const (
	Good   Standing = "good"   // it passed
	Bad    Standing = "bad"    // it failed, whatever was expected, or the kernel died
	Untold Standing = "untold" // it was skipped or refused, or could not be asked
)

// Standing returns what the verdict means for a search. One that is now this and now that is bad.
func (v Verdict) Standing() Standing {
	switch v.Kind {
	case Pass, XPass:
		return Good
	case Fail, XFail, Flaky, Crash:
		return Bad
	default:
		return Untold
	}
}

// A Turn says where a search found the standing to change, in a row of things in order.
type Turn struct {
	Last  int   // the last that stands as the first of the row does
	First int   // the first that stands as the last of the row does
	Among []int // those in between, which do not tell: it may begin with any of them
	From  Standing
	To    Standing
}

// ErrNoTurn says that both ends of a row stand alike, or that one of them does not tell.
var ErrNoTurn = errors.New("no change to search for")

// Bisect searches a row of n things for where the standing changes, by halving. It asks each at
// most once, and after one that does not tell its neighbors, the nearest to the middle first. Where
// it changes more than once, it finds one of the changes. Errors are those of ask, and ErrNoTurn.
func Bisect(n int, ask func(i int) (Standing, error)) (*Turn, error) {
	from, to, err := ends(n, ask)
	if err != nil {
		return nil, err
	}
	if from == to || from == Untold || to == Untold {
		return nil, ErrNoTurn
	}
	t := &Turn{Last: 0, First: n - 1, From: from, To: to}
	untold := make(map[int]bool)
	for {
		at, left := middle(t.Last, t.First, untold)
		if !left {
			break
		}
		standing, err := ask(at)
		if err != nil {
			return nil, err
		}
		switch standing {
		case from:
			t.Last = at
		case to:
			t.First = at
		default:
			untold[at] = true
		}
	}
	for i := t.Last + 1; i < t.First; i++ {
		t.Among = append(t.Among, i)
	}
	return t, nil
}

// ends asks the first of the row and the last.
func ends(n int, ask func(i int) (Standing, error)) (first, last Standing, err error) {
	if n < 2 {
		return "", "", ErrNoTurn
	}
	if first, err = ask(0); err != nil {
		return "", "", err
	}
	last, err = ask(n - 1)
	return first, last, err
}

// middle returns what is nearest to the middle between two places and may tell.
func middle(low, high int, untold map[int]bool) (at int, left bool) {
	best := high - low
	for i := low + 1; i < high; i++ {
		distance := max(2*i-low-high, low+high-2*i)
		if !untold[i] && (!left || distance < best) {
			at, best, left = i, distance, true
		}
	}
	return at, left
}
