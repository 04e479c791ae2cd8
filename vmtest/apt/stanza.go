// SPDX-License-Identifier: Apache-2.0

package apt

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// maxFieldLine gives the longest line of a control file that is read, in bytes.
// The longest Provides lines of Debian are some ten thousand bytes.
const maxFieldLine = 4 << 20

// eachStanza reads deb822 text (Packages indices, .sources files) and calls do
// for each paragraph. Field names are lower case. Continuation lines are kept,
// joined by newlines, for the fields that want has, or for all if it is nil.
// The map is reused between calls. The format is that of deb822(5).
func eachStanza(r io.Reader, want map[string]bool, do func(fields map[string]string) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 64<<10), maxFieldLine)
	fields, last := map[string]string{}, ""
	flush := func() error {
		if len(fields) == 0 {
			return nil
		}
		err := do(fields)
		clear(fields)
		last = ""
		return err
	}
	for lines.Scan() {
		line := lines.Text()
		switch {
		case strings.HasPrefix(line, "#"):
		case strings.TrimSpace(line) == "":
			if err := flush(); err != nil {
				return err
			}
		case line[0] == ' ' || line[0] == '\t':
			if last != "" {
				fields[last] += "\n" + strings.TrimSpace(line)
			}
		default:
			name, value, ok := strings.Cut(line, ":")
			if !ok {
				return fmt.Errorf("line %.60q has no field name", line)
			}
			if last = strings.ToLower(name); want != nil && !want[last] {
				last = ""
				continue
			}
			fields[last] = strings.TrimSpace(value)
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return flush()
}
