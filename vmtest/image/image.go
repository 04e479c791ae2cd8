// SPDX-License-Identifier: Apache-2.0

package image

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/loadstone-bpf/loadstone/vmtest/kernel"
	"github.com/loadstone-bpf/loadstone/vmtest/wholefile"
)

// MaxSize gives the size in bytes of the largest image.
const MaxSize = 60 << 20

var (
	// ErrTooLarge marks errors about an image above [MaxSize].
	ErrTooLarge = errors.New("image too large")

	// ErrGuest marks errors about a guest program that cannot be PID 1
	// of this kernel.
	ErrGuest = errors.New("no guest program")

	// ErrShell marks errors about the archive with the shell.
	ErrShell = errors.New("no shell")
)

// DefaultModules lists the modules that the suites need: virtual network
// devices, tc with BPF, two congestion controls for struct_ops to stand
// beside, hashes for user space (AF_ALG), by which iproute2 names the
// folder of an object's pins, and the tracking of connections, a function
// of which BPF programs call.
var DefaultModules = []string{
	"veth", "dummy", "sch_ingress", "cls_bpf", "act_bpf", "tcp_bbr", "tcp_dctcp", "algif_hash",
	"nf_conntrack",
}

// CacheIn returns the folder for images in a cache that holds other things too.
func CacheIn(cache string) string { return filepath.Join(cache, "images") }

// Options say what goes into an image.
type Options struct {
	Kernel *kernel.Kernel
	// Guest is the path of a static program for the kernel's architecture,
	// whose main is guest.Main.
	Guest string
	// Modules are the names of the modules to load; what they need is added.
	// nil means [DefaultModules]. A module that is built into the kernel is
	// fine, one that it does not have is an error.
	Modules []string
	// Shell is the path of the archive that mkshell made, "" for an image
	// without a shell.
	Shell string
	// Cache is the folder in which images are kept; it is made if missing.
	Cache string
}

// Image holds an initramfs.
type Image struct {
	Path   string `json:"-"`
	Digest string `json:"digest"` // SHA-256 of the file, hexadecimal
	Size   int64  `json:"size"`   // bytes
}

// formatVersion changes when images of an older program must not be used.
const formatVersion = "1"

// Build returns the image of these options from the cache, or makes it.
//
// Its errors wrap [kernel.ErrNoModule] for a module that the kernel does not
// have, [ErrGuest], [ErrShell] and [ErrTooLarge].
func Build(ctx context.Context, o Options) (Image, error) {
	if o.Modules == nil {
		o.Modules = DefaultModules
	}
	o.Modules = slices.Compact(slices.Sorted(slices.Values(o.Modules)))
	key, err := o.key()
	if err != nil {
		return Image{}, fmt.Errorf("image: %w", err)
	}
	if err := os.MkdirAll(o.Cache, 0o755); err != nil {
		return Image{}, fmt.Errorf("image: %w", err)
	}
	path := filepath.Join(o.Cache, key+".cpio")
	if image, err := open(path); err == nil {
		return image, nil
	} else if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, errAltered) {
		return Image{}, fmt.Errorf("image: %w", err)
	}
	image, err := o.build(ctx, path)
	if err != nil {
		return Image{}, fmt.Errorf("image for %s: %w", o.Kernel.Release, err)
	}
	return image, nil
}

// key returns the hash of all that goes into an image.
func (o Options) key() (string, error) {
	hash := sha256.New()
	fmt.Fprintf(hash, "image %s\nkernel %s\n", formatVersion, o.Kernel.Digest)
	for _, name := range o.Modules {
		fmt.Fprintf(hash, "module %s\n", name)
	}
	guest, err := wholefile.Digest(o.Guest)
	if err != nil {
		return "", fmt.Errorf("%w: %w; make build puts it there", ErrGuest, err)
	}
	fmt.Fprintf(hash, "guest %s\n", guest)
	if o.Shell != "" {
		shell, err := wholefile.Digest(o.Shell)
		if err != nil {
			return "", fmt.Errorf("%w: %w; make build puts it there", ErrShell, err)
		}
		fmt.Fprintf(hash, "shell %s\n", shell)
	}
	return hex.EncodeToString(hash.Sum(nil)[:16]), nil
}

var errAltered = errors.New("image is not as it was made")

// noteOf returns where an image's digest is kept. It is written before the image,
// so an image without a note is no image.
func noteOf(path string) string { return path + ".json" }

// open returns the image at path if it is what its note says.
func open(path string) (Image, error) {
	b, err := os.ReadFile(noteOf(path))
	if err != nil {
		return Image{}, err
	}
	var image Image
	if err := json.Unmarshal(b, &image); err != nil {
		return Image{}, fmt.Errorf("%w: %s: %w", errAltered, noteOf(path), err)
	}
	image.Path = path
	digest, err := wholefile.Digest(path)
	if err != nil {
		return Image{}, err
	}
	if digest != image.Digest {
		return Image{}, fmt.Errorf("%w: %s", errAltered, path)
	}
	return image, nil
}

// build makes an image in a temporary file and moves it to path. Two that
// build the same image at once make the same bytes, so either may win.
func (o Options) build(ctx context.Context, path string) (_ Image, err error) {
	file, err := wholefile.Create(path, 0o600)
	if err != nil {
		return Image{}, err
	}
	defer func() { err = errors.Join(err, file.Cleanup()) }()
	image := Image{Path: path}
	hash := sha256.New()
	limited := &limitedWriter{w: io.MultiWriter(file, hash), left: MaxSize}
	if err := o.write(ctx, limited); err != nil {
		return Image{}, err
	}
	image.Size = MaxSize - limited.left
	image.Digest = hex.EncodeToString(hash.Sum(nil))
	note, err := json.Marshal(image)
	if err != nil {
		return Image{}, err
	}
	if err := wholefile.Write(noteOf(path), note, 0o600); err != nil {
		return Image{}, err
	}
	return image, file.CloseAtomicallyReplace()
}

// limitedWriter fails with [ErrTooLarge] beyond a size.
type limitedWriter struct {
	w    io.Writer
	left int64
}

func (l *limitedWriter) Write(b []byte) (int, error) {
	if l.left -= int64(len(b)); l.left < 0 {
		return 0, fmt.Errorf("%w: more than %d MiB; leave out modules, or bring files as a payload",
			ErrTooLarge, MaxSize>>20)
	}
	return l.w.Write(b)
}
