// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestBisect(t *testing.T) {
	standings := map[rune]Standing{'+': Good, '-': Bad, '?': Untold}
	for _, tt := range []struct {
		row  string
		want string // last, first, what is in between; "" for no turn
		most int    // how many are asked
	}{
		{"+-", "0 1 []", 2},
		{"-+", "0 1 []", 2},
		{"++++----", "3 4 []", 5},
		{"-+++++++", "0 1 []", 5},
		{"+++++++-", "6 7 []", 5},
		{"+???-", "0 4 [1 2 3]", 5},
		{"++?----", "1 3 [2]", 6},
		{"+++?????-", "2 8 [3 4 5 6 7]", 9},
		{strings.Repeat("+", 700) + strings.Repeat("-", 300), "699 700 []", 12},
		{"++", "", 2}, {"--", "", 2}, {"?-", "", 2}, {"+?", "", 2}, {"+", "", 0}, {"", "", 0},
	} {
		t.Run(tt.row[:min(len(tt.row), 20)], func(t *testing.T) {
			asked := make(map[int]bool)
			turn, err := Bisect(len(tt.row), func(i int) (Standing, error) {
				if asked[i] {
					t.Errorf("%d is asked twice", i)
				}
				asked[i] = true
				return standings[rune(tt.row[i])], nil
			})
			got := ""
			if err == nil {
				got = fmt.Sprint(turn.Last, turn.First, turn.Among)
			} else if !errors.Is(err, ErrNoTurn) {
				t.Fatal(err)
			}
			if got != tt.want || len(asked) > tt.most {
				t.Errorf("%q after %d, want %q after at most %d", got, len(asked), tt.want, tt.most)
			}
		})
	}
	broken := errors.New("no disk")
	for n := range 3 {
		left := n
		_, err := Bisect(5, func(i int) (Standing, error) {
			if left--; left < 0 {
				return "", broken
			}
			return map[bool]Standing{true: Good, false: Bad}[i == 0], nil
		})
		if !errors.Is(err, broken) {
			t.Errorf("an error of question %d: %v", n, err)
		}
	}
}
