// SPDX-License-Identifier: Apache-2.0

package apttest

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"testing"
	"time"
)

// Key holds an OpenPGP key that signs releases. It implements as much of RFC 4880 as gpgv needs.
type Key struct {
	private *rsa.PrivateKey
	created uint32
}

// NewKey makes a key.
func NewKey(t testing.TB) *Key {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return &Key{private, uint32(time.Now().Add(-time.Hour).Unix())}
}

// Packet tags, section 4.3.
const (
	tagSignature = 2
	tagPublicKey = 6
	tagUserID    = 13
)

// Signature types, section 5.2.1.
const (
	signText = 0x01
	signUser = 0x13
)

// packet frames a body with an old-format header and a length of two bytes.
func packet(tag byte, body []byte) []byte {
	return append([]byte{0x80 | tag<<2 | 1, byte(len(body) >> 8), byte(len(body))}, body...)
}

// mpi returns a number with its length in bits before it, section 3.2.
func mpi(number []byte) []byte {
	number = bytes.TrimLeft(number, "\x00")
	bits := 8 * len(number)
	for top := number[0]; top < 0x80; top <<= 1 {
		bits--
	}
	return append([]byte{byte(bits >> 8), byte(bits)}, number...)
}

// public returns the body of the public key packet, section 5.5.2.
func (k *Key) public() []byte {
	body := []byte{4}
	body = binary.BigEndian.AppendUint32(body, k.created)
	body = append(body, 1) // RSA
	body = append(body, mpi(k.private.N.Bytes())...)
	exponent := binary.BigEndian.AppendUint32(nil, uint32(k.private.E))
	return append(body, mpi(exponent)...)
}

// framed returns a public key as it is hashed, section 5.2.4.
func (k *Key) framed() []byte {
	body := k.public()
	return append([]byte{0x99, byte(len(body) >> 8), byte(len(body))}, body...)
}

// id returns the key's number, section 12.2.
func (k *Key) id() []byte {
	sum := sha1.Sum(k.framed())
	return sum[12:]
}

// sign makes a signature packet over data, section 5.2.3.
func (k *Key) sign(t testing.TB, kind byte, data []byte, subpackets []byte) []byte {
	t.Helper()
	now := binary.BigEndian.AppendUint32([]byte{5, 2}, uint32(time.Now().Add(-time.Minute).Unix()))
	hashed := append(now, subpackets...)
	head := append([]byte{4, kind, 1, 8, byte(len(hashed) >> 8), byte(len(hashed))}, hashed...)
	trailer := binary.BigEndian.AppendUint32([]byte{4, 0xff}, uint32(len(head)))
	sum := sha256.Sum256(bytes.Join([][]byte{data, head, trailer}, nil))
	number, err := rsa.SignPKCS1v15(rand.Reader, k.private, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	issuer := append([]byte{9, 16}, k.id()...)
	body := append(head, byte(len(issuer)>>8), byte(len(issuer)))
	body = append(body, issuer...)
	body = append(body, sum[0], sum[1])
	return packet(tagSignature, append(body, mpi(number)...))
}

// Keyring returns the key as a keyring file holds it: with a name that it signs.
func (k *Key) Keyring(t testing.TB) []byte {
	t.Helper()
	const name = "apttest"
	user := append([]byte{0xb4, 0, 0, 0, byte(len(name))}, name...)
	usage := []byte{2, 27, 0x03} // certifies and signs
	certificate := k.sign(t, signUser, append(k.framed(), user...), usage)
	return bytes.Join([][]byte{
		packet(tagPublicKey, k.public()), packet(tagUserID, []byte(name)), certificate,
	}, nil)
}

// clearsign signs a text so that it stays readable, section 7.
func (k *Key) clearsign(t testing.TB, text string) string {
	t.Helper()
	text = strings.TrimSuffix(text, "\n")
	signature := k.sign(t, signText, []byte(strings.ReplaceAll(text, "\n", "\r\n")), nil)
	return "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n" + text +
		"\n-----BEGIN PGP SIGNATURE-----\n\n" + base64.StdEncoding.EncodeToString(signature) + "\n-----END PGP SIGNATURE-----\n"
}
