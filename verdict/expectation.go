// SPDX-License-Identifier: Apache-2.0

package verdict

// Expectation is what an entry of an expectations file said of a verdict, for its readers.
type Expectation struct {
	Expect string `json:"expect"` // "fail", "flaky" or "crash"
	Issue  string `json:"issue"`
	Owner  string `json:"owner,omitempty"`
	Until  string `json:"until,omitempty"` // a day
}
