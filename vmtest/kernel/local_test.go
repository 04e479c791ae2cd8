// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// places maps paths to files of kernel 6.12.1, as users keep them.
func treeFiles() map[string][]byte {
	return map[string][]byte{
		"arch/x86/boot/bzImage": bzImage("6.12.1"), ".config": []byte("CONFIG_A=y\n"),
		"include/config/kernel.release": []byte("6.12.1\n"),
		"modules.order":                 []byte("drivers/net/veth.o\n"), "drivers/net/veth.ko": ko("6.12.1"),
		"vmlinux": []byte("\x7fELF"),
	}
}

func TestKernelsThatLieAbout(t *testing.T) {
	image, module, config := bzImage("6.12.1"), ko("6.12.1"), []byte("CONFIG_A=y\n")
	for _, c := range []struct {
		name  string
		files map[string][]byte
		ask   string // below the directory
		want  Kernel // paths are below the directory
	}{
		{"bare bzImage", map[string][]byte{"bzImage": image}, "bzImage", Kernel{Origin: FromImage, Image: "bzImage"}},
		{"bzImage with a modules folder beside it", map[string][]byte{"bzImage": image, "lib/modules/6.12.1/kernel/a.ko": module, "config": config}, "bzImage",
			Kernel{Origin: FromImage, Image: "bzImage", ModulesDir: "lib/modules/6.12.1", Config: "config"}},
		{"named modules and configuration", map[string][]byte{"bzImage": image, "m/6.12.1/kernel/a.ko": module, "c": config}, "bzImage,modules=m,config=c",
			Kernel{Origin: FromImage, Image: "bzImage", ModulesDir: "m/6.12.1", Config: "c"}},
		{"installed in /boot", map[string][]byte{"boot/vmlinuz-6.12.1": image, "boot/config-6.12.1": config, "usr/lib/modules/6.12.1/kernel/a.ko": module, "usr/lib/modules/6.1.0/kernel/a.ko": module}, "boot/vmlinuz-6.12.1",
			Kernel{Origin: FromImage, Image: "boot/vmlinuz-6.12.1", ModulesDir: "usr/lib/modules/6.12.1", Config: "boot/config-6.12.1"}},
		{"installed in /boot of a system with other modules", map[string][]byte{"boot/vmlinuz-6.12.1": image, "lib/modules/6.1.0/kernel/a.ko": module}, "boot/vmlinuz-6.12.1",
			Kernel{Origin: FromImage, Image: "boot/vmlinuz-6.12.1"}},
		{"unpacked package", packageFiles("6.12.1", false), ".",
			Kernel{Origin: FromDirectory, Image: "boot/vmlinuz-6.12.1", ModulesDir: "lib/modules/6.12.1", Config: "boot/config-6.12.1"}},
		{"unpacked packages of 7.x", packageFiles("6.12.1", true), ".",
			Kernel{Origin: FromDirectory, Image: "usr/lib/modules/6.12.1/vmlinuz", ModulesDir: "usr/lib/modules/6.12.1", Config: "usr/lib/modules/6.12.1/config"}},
		{"build tree", treeFiles(), ".", Kernel{Origin: FromTree, Image: "arch/x86/boot/bzImage", ModulesDir: ".", Config: ".config"}},
		{"image of a build tree with the tree's modules", treeFiles(), "arch/x86/boot/bzImage,modules=.,config=.config",
			Kernel{Origin: FromImage, Image: "arch/x86/boot/bzImage", ModulesDir: ".", Config: ".config"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, c.files)
			t.Chdir(dir)
			got, err := Local("./"+c.ask, "amd64")
			if err != nil {
				t.Fatal(err)
			}
			want := c.want
			for _, path := range []*string{&want.Image, &want.ModulesDir, &want.Config} {
				if *path != "" {
					*path = filepath.Join(dir, *path)
				}
			}
			file, _, _ := strings.Cut(c.ask, ",")
			want.Path = filepath.Join(dir, file)
			if want.Origin == FromImage && strings.Contains(c.ask, ",") {
				want.Path += ",config=" + want.Config + ",modules=" + filepath.Join(dir, named(c.ask, "modules"))
			}
			want.Name, want.Series, want.Release, want.Arch = "./"+c.ask, "6.12", "6.12.1", "amd64"
			if diff := cmp.Diff(&want, got, cmpopts.IgnoreFields(Kernel{}, "Digest")); diff != "" {
				t.Errorf("kernel (-want +got):\n%s", diff)
			}
		})
	}
}

// named returns the value of an option behind a path.
func named(ask, option string) string {
	_, value, _ := strings.Cut(ask, option+"=")
	value, _, _ = strings.Cut(value, ",")
	return value
}

// TestLocalFaults has a row per fault of what a user names.
func TestLocalFaults(t *testing.T) {
	image, module := bzImage("6.12.1"), ko("6.1.0")
	without := func(files map[string][]byte, name string) map[string][]byte { delete(files, name); return files }
	with := func(files map[string][]byte, name string, data []byte) map[string][]byte {
		files[name] = data
		return files
	}
	for _, c := range []struct {
		name  string
		files map[string][]byte
		ask   string
		want  error
		says  string
	}{
		{"nothing there", nil, "bzImage", ErrUnknownKernel, "no such file"},
		{"not an image", map[string][]byte{"bzImage": []byte("text")}, "bzImage", ErrNotAnImage, "bzImage"},
		{"directory without an image", map[string][]byte{"README": nil}, ".", ErrNotAnImage, "has none of vmlinuz*"},
		{"directory with two images", map[string][]byte{"vmlinuz-a": image, "boot/vmlinuz-b": image}, ".", ErrAmbiguous, "boot/vmlinuz-b"},
		{"tree that was not built", without(treeFiles(), "arch/x86/boot/bzImage"), ".", ErrNotBuilt, "run make"},
		{"tree that was never prepared", without(with(treeFiles(), "include/config/x", nil), "include/config/kernel.release"), ".", ErrNotBuilt, "run make"},
		{"tree that moved on since it was built", with(treeFiles(), "include/config/kernel.release", []byte("6.12.2")), ".", ErrNotBuilt, "is 6.12.1, and the tree is 6.12.2"},
		{"modules of another release beside the image", map[string][]byte{"bzImage": image, "lib/modules/6.1.0/kernel/a.ko": module}, "bzImage", ErrModulesMismatch, "is 6.12.1, and"},
		{"named modules of another release", map[string][]byte{"bzImage": image, "m/6.1.0/kernel/a.ko": module}, "bzImage,modules=m", ErrModulesMismatch, "those of 6.1.0"},
		{"named modules directory of another release", map[string][]byte{"bzImage": image, "6.1.0/kernel/a.ko": module}, "bzImage,modules=6.1.0", ErrModulesMismatch, "those of 6.1.0"},
		{"named modules that are none", map[string][]byte{"bzImage": image, "m/x": nil}, "bzImage,modules=m", ErrModulesMismatch, "no modules at all"},
		{"named modules that are not there", map[string][]byte{"bzImage": image}, "bzImage,modules=m", ErrUnknownKernel, "m does not exist"},
		{"unknown option", map[string][]byte{"bzImage": image}, "bzImage,initrd=x", ErrUnknownKernel, `not "initrd=x"`},
		{"option without a value", map[string][]byte{"bzImage": image}, "bzImage,modules=", ErrUnknownKernel, `not "modules="`},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, c.files)
			t.Chdir(dir)
			_, err := Local("./"+c.ask, "amd64")
			wantError(t, err, c.want, c.says)
			wantError(t, err, ErrUsage, c.says)
		})
	}
}

func TestDirectoryWithALinkToItsImage(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string][]byte{"vmlinuz-6.12.1": bzImage("6.12.1")})
	if err := os.Symlink("vmlinuz-6.12.1", filepath.Join(dir, "vmlinuz")); err != nil {
		t.Fatal(err)
	}
	if k, err := Local(dir, "amd64"); err != nil || k.Release != "6.12.1" {
		t.Errorf("%+v, %v", k, err)
	}
}

func TestDigestChangesWithWhatTheGuestSees(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, treeFiles())
	digest := func() string {
		t.Helper()
		k, err := Local(dir, "amd64")
		if err != nil {
			t.Fatal(err)
		}
		return k.Digest
	}
	seen := map[string]string{digest(): "the tree as it was"}
	if _, same := seen[digest()]; !same {
		t.Error("digest changes by itself")
	}
	for name, data := range map[string][]byte{
		"arch/x86/boot/bzImage": append(bzImage("6.12.1"), 1), ".config": []byte("CONFIG_A=m\n"),
		"drivers/net/veth.ko": ko("6.12.1", "other"),
	} {
		write(t, dir, map[string][]byte{name: data})
		now := digest()
		if before, same := seen[now]; same {
			t.Errorf("digest with another %s is that of %s", name, before)
		}
		seen[now] = name
	}
}

func TestGetTakesAPath(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, treeFiles())
	t.Chdir(dir)
	s, _ := storeOf(t.TempDir())
	for _, name := range []string{".", dir, "arch/x86/boot/bzImage"} {
		if k := get(t, s, name); k.Release != "6.12.1" || k.Name != name {
			t.Errorf("%s: %+v", name, k)
		}
	}
	write(t, dir, map[string][]byte{"bzImage": bzImage("6.12.1")})
	if k := get(t, s, "bzImage"); k.Release != "6.12.1" {
		t.Errorf("%+v", k)
	}
}

func TestRunningKernel(t *testing.T) {
	s, _ := storeOf(t.TempDir())
	k := get(t, s, "native")
	proc, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.TrimSpace(string(proc)); k.Release != want || k.Image != "" ||
		k.Origin != Native || k.Digest == "" {
		t.Errorf("kernel %+v, want release %s", k, want)
	}
}
