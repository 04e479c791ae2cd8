// SPDX-License-Identifier: Apache-2.0

package requirements

// entry holds an entry of the YAML as it is written.
type entry struct {
	ID       string             `yaml:"id"`
	Must     string             `yaml:"must"`
	Should   string             `yaml:"should"`
	Profiles []string           `yaml:"profiles"`
	Needs    Needs              `yaml:"needs"`
	Variants map[string]variant `yaml:"variants"`
	Within   Surroundings       `yaml:"surroundings"`
	Alone    string             `yaml:"alone"`
	Sources  []Source           `yaml:"sources"`
	Since    string             `yaml:"since"`
	Commits  []Commit           `yaml:"kernel_commit"`
}

// A variant holds what is written of one variant.
type variant struct {
	Needs  `yaml:",inline"`
	Within *Surroundings `yaml:"surroundings"`
}

// needs returns what the variants need beyond what the entry needs.
func (e entry) needs() map[string]Needs {
	var all map[string]Needs
	for name, v := range e.Variants {
		if all == nil {
			all = make(map[string]Needs, len(e.Variants))
		}
		all[name] = v.Needs
	}
	return all
}

// surroundings returns those of the entry and of its variants; nil where none says any.
func (e entry) surroundings() map[string]Surroundings {
	all := make(map[string]Surroundings)
	if !e.Within.IsZero() {
		all[""] = e.Within
	}
	for name, v := range e.Variants {
		if v.Within != nil {
			all[name] = *v.Within
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all
}
