// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/u-root/u-root/pkg/kmodule"
)

// moduleList names the modules to load, one a line; the image is built with it, so what is asked
// for and what the image has cannot differ.
const moduleList = "/etc/modules"

// loadModules loads the modules that the image was made with.
func loadModules() error {
	list, err := os.ReadFile(moduleList)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	names := strings.Fields(string(list))
	if len(names) == 0 {
		return nil
	}
	prober, err := kmodule.NewProber(kmodule.ProbeOpts{})
	if err != nil {
		return fmt.Errorf("load modules: %w", err)
	}
	for _, name := range names {
		if err := prober.Probe(name, ""); err != nil {
			return fmt.Errorf("load module %s: %w", name, err)
		}
	}
	return nil
}
