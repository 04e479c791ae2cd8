// SPDX-License-Identifier: Apache-2.0

package verdict

import "encoding/json"

// Source says where a requirement comes from: a text for people, and where it can be read.
type Source struct {
	Text string `json:"text"`
	URL  string `json:"url,omitempty"` // empty where the source is no public page
}

// UnmarshalJSON also reads a source that is text alone, which is how run files had them at first.
func (s *Source) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		*s = Source{}
		return json.Unmarshal(data, &s.Text)
	}
	type plain Source
	return json.Unmarshal(data, (*plain)(s))
}
