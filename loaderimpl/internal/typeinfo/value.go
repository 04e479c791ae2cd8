// SPDX-License-Identifier: Apache-2.0

package typeinfo

import (
	"fmt"
	"math"
	"reflect"

	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// Encode writes a Go value as a C value of a type into data, which has the type's size. The Go
// value has to be of that type: see [Types.codec].
func (t *Types) Encode(data []byte, id btf.TypeID, value any) error {
	if raw, ok := value.([]byte); ok {
		if len(raw) != len(data) {
			return fmt.Errorf("%d bytes for %d: %w", len(raw), len(data), refuse.ErrValue)
		}
		copy(data, raw)
		return nil
	}
	v := reflect.ValueOf(value)
	if !v.IsValid() {
		return fmt.Errorf("no value: %w", refuse.ErrValue)
	}
	c, err := t.sizedCodec(id, v.Type(), len(data))
	if err != nil {
		return err
	}
	return c.encode(data, v)
}

// Decode reads a C value of a type into what to points to, which has to be of that type, or a
// []byte.
func (t *Types) Decode(data []byte, id btf.TypeID, to any) error {
	if raw, ok := to.(*[]byte); ok && raw != nil {
		*raw = append([]byte(nil), data...)
		return nil
	}
	v := reflect.ValueOf(to)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return fmt.Errorf("%T is no pointer to a value: %w", to, refuse.ErrValue)
	}
	c, err := t.sizedCodec(id, v.Elem().Type(), len(data))
	if err != nil {
		return err
	}
	return c.decode(data, v.Elem())
}

// sizedCodec returns the codec for values of so many bytes.
func (t *Types) sizedCodec(id btf.TypeID, typ reflect.Type, size int) (*codec, error) {
	n, err := t.SizeOf(id)
	if err != nil {
		return nil, err
	}
	if int64(n) != int64(size) {
		return nil, fmt.Errorf("a type of %d bytes for %d: %w", n, size, refuse.ErrBTF)
	}
	return t.codec(id, typ)
}

// A codec translates between the Go values and the C values of one pair of types.
type codec struct {
	types *Types
	kind  reflect.Kind
	size  int    // of a C value, bytes; of an element for arrays
	what  string // the C type, for errors
	elem  *codec // of an array
	sign  bool
}

// codec finds how values of a C type and a Go type match: integers and enums by size and sign,
// where a Go int or uint matches any that has room for the value; _Bool and bool; float and double
// with the floats of their size; arrays by their elements and length.
func (t *Types) codec(id btf.TypeID, typ reflect.Type) (*codec, error) {
	_, r, err := t.Plain(id)
	if err != nil {
		return nil, err
	}
	what := r.Kind.String()
	switch {
	case r.Kind == KindInt || r.Kind == KindFloat:
		what = r.Name
	case r.Name != "":
		what += " " + r.Name
	}
	mismatch := fmt.Errorf("%v for %s: %w", typ, what, refuse.ErrValue)
	c := &codec{types: t, kind: typ.Kind(), size: int(r.Size), what: what}
	switch {
	case r.Kind == KindArray:
		return t.arrayCodec(&r, typ, mismatch)
	case r.Kind == KindFloat:
		if typ.Kind() != reflect.Float32 && typ.Kind() != reflect.Float64 ||
			typ.Size() != uintptr(r.Size) {
			return nil, mismatch
		}
		return c, nil
	case r.Kind == KindInt:
		const signed, boolean = 1 << 0, 1 << 2 // BTF_INT_SIGNED, BTF_INT_BOOL
		encoding := t.Word(r.Data) >> 24
		if encoding&boolean != 0 || typ.Kind() == reflect.Bool {
			if encoding&boolean == 0 || typ.Kind() != reflect.Bool || r.Size != 1 {
				return nil, mismatch
			}
			return c, nil
		}
		c.sign = encoding&signed != 0
	case r.Kind == KindEnum || r.Kind == KindEnum64:
		c.sign = r.flag
	default:
		return nil, fmt.Errorf("only bytes are taken: %w", mismatch)
	}
	switch k := typ.Kind(); {
	case r.Size != 1 && r.Size != 2 && r.Size != 4 && r.Size != 8:
		return nil, mismatch
	case k == reflect.Int || k == reflect.Uint:
		return c, nil
	case k >= reflect.Int8 && k <= reflect.Int64, k >= reflect.Uint8 && k <= reflect.Uint64:
		if typ.Size() == uintptr(r.Size) && (k <= reflect.Int64) == c.sign {
			return c, nil
		}
	}
	return nil, mismatch
}

func (t *Types) arrayCodec(r *Record, typ reflect.Type, mismatch error) (*codec, error) {
	elem, n := btf.TypeID(t.Word(r.Data)), t.Word(r.Data[8:])
	if typ.Kind() != reflect.Array || typ.Len() != int(n) {
		return nil, fmt.Errorf("of %d elements: %w", n, mismatch)
	}
	size, err := t.SizeOf(elem)
	if err != nil {
		return nil, err
	}
	c, err := t.codec(elem, typ.Elem())
	if err != nil {
		return nil, fmt.Errorf("element: %w", err)
	}
	return &codec{types: t, kind: reflect.Array, size: int(size), elem: c}, nil
}

// encode writes a value.
func (c *codec) encode(data []byte, v reflect.Value) error {
	switch {
	case c.elem != nil:
		for i := range v.Len() {
			if err := c.elem.encode(data[i*c.size:(i+1)*c.size], v.Index(i)); err != nil {
				return fmt.Errorf("element %d: %w", i, err)
			}
		}
		return nil
	case c.kind == reflect.Bool:
		data[0] = 0
		if v.Bool() {
			data[0] = 1
		}
		return nil
	case c.kind == reflect.Float32:
		c.put(data, uint64(math.Float32bits(float32(v.Float()))))
		return nil
	case c.kind == reflect.Float64:
		c.put(data, math.Float64bits(v.Float()))
		return nil
	case v.CanInt():
		n := v.Int()
		if n < 0 && !c.sign || c.sign && !inRange(n, c.size) || !c.sign &&
			uint64(n) > most(c.size) {
			return fmt.Errorf("%d for %s of %d bytes: %w", n, c.what, c.size, refuse.ErrValue)
		}
		c.put(data, uint64(n))
		return nil
	}
	n := v.Uint()
	if n > most(c.size) || c.sign && n > most(c.size)>>1 {
		return fmt.Errorf("%d for %s of %d bytes: %w", n, c.what, c.size, refuse.ErrValue)
	}
	c.put(data, n)
	return nil
}

// decode reads a value.
func (c *codec) decode(data []byte, v reflect.Value) error {
	switch {
	case c.elem != nil:
		for i := range v.Len() {
			if err := c.elem.decode(data[i*c.size:(i+1)*c.size], v.Index(i)); err != nil {
				return fmt.Errorf("element %d: %w", i, err)
			}
		}
		return nil
	case c.kind == reflect.Bool:
		v.SetBool(data[0] != 0)
		return nil
	case c.kind == reflect.Float32:
		v.SetFloat(float64(math.Float32frombits(uint32(c.get(data)))))
		return nil
	case c.kind == reflect.Float64:
		v.SetFloat(math.Float64frombits(c.get(data)))
		return nil
	}
	n := c.get(data)
	signed := int64(n<<(64-8*c.size)) >> (64 - 8*c.size)
	switch {
	case v.CanInt() && c.sign && !v.OverflowInt(signed):
		v.SetInt(signed)
	case v.CanInt() && !c.sign && n <= math.MaxInt64 && !v.OverflowInt(int64(n)):
		v.SetInt(int64(n))
	case v.CanUint() && (!c.sign || signed >= 0) && !v.OverflowUint(n):
		v.SetUint(n)
	default:
		return fmt.Errorf("%#x of %s in a %v: %w", n, c.what, v.Type(), refuse.ErrValue)
	}
	return nil
}

// put writes an integer of the codec's size.
func (c *codec) put(data []byte, n uint64) {
	switch c.size {
	case 1:
		data[0] = byte(n)
	case 2:
		c.types.order.PutUint16(data, uint16(n))
	case 4:
		c.types.order.PutUint32(data, uint32(n))
	case 8:
		c.types.order.PutUint64(data, n)
	}
}

// get reads an integer of the codec's size.
func (c *codec) get(data []byte) uint64 {
	switch c.size {
	case 1:
		return uint64(data[0])
	case 2:
		return uint64(c.types.order.Uint16(data))
	case 4:
		return uint64(c.types.order.Uint32(data))
	}
	return c.types.order.Uint64(data)
}

// most returns the largest number of so many bytes.
func most(size int) uint64 { return math.MaxUint64 >> (64 - 8*size) }

// inRange reports whether a signed integer of so many bytes holds a number.
func inRange(n int64, size int) bool {
	limit := int64(most(size) >> 1)
	return n >= -limit-1 && n <= limit
}
