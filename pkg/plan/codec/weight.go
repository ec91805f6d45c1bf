package codec

import (
	"bytes"
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
	"sync"
)

// Unmarshal reads JSON from another process into the value that a pointer points to. It
// first counts the memory of the value, and returns ErrTooLarge if that is more than most
// bytes.
func Unmarshal(raw []byte, into any, most int) error {
	if _, err := weigh(raw, into, most); err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}

// weigh counts the approximate memory, rather too high, of the value that a pointer
// points to after decoding a JSON text. It stops when the limit is exceeded. Package json
// continues after a value of the wrong type, and makes a whole element for each such
// value in a list; weigh stops there.
func weigh(raw []byte, into any, most int) (int, error) {
	w := weigher{dec: json.NewDecoder(bytes.NewReader(raw)), most: most}
	if err := w.add(3 * len(raw)); err != nil {
		return w.sum, err
	}
	token, err := w.dec.Token()
	if err != nil {
		return w.sum, err
	}
	return w.sum, w.value(token, reflect.TypeOf(into))
}

type weigher struct {
	dec       *json.Decoder
	sum, most int
}

const (
	// pairWeight is the memory of a map entry besides its value.
	pairWeight = 100
	// Growth is the factor by which a list takes more memory while it grows.
	Growth = 3
	// anyWeight is the memory of a part of a value of type any.
	anyWeight = 100
)

func (w *weigher) add(bytes int) error {
	if w.sum += bytes; w.sum > w.most {
		return ErrTooLarge
	}
	return nil
}

var decodesItself = []reflect.Type{reflect.TypeFor[json.Unmarshaler](), reflect.TypeFor[encoding.TextUnmarshaler]()}

// value counts the memory of a value, except that of its place in its parent, which is
// already counted.
func (w *weigher) value(token json.Token, t reflect.Type) error {
	if token == nil {
		return nil
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
		if err := w.add(int(t.Size())); err != nil {
			return err
		}
	}
	for _, itself := range decodesItself {
		if reflect.PointerTo(t).Implements(itself) {
			return w.open(token)
		}
	}
	switch kind := t.Kind(); {
	case kind == reflect.Interface:
		return w.open(token)
	case token == json.Delim('{') && kind == reflect.Struct:
		return w.fields(t)
	case token == json.Delim('{') && kind == reflect.Map:
		return w.pairs(t.Elem())
	case token == json.Delim('[') && kind == reflect.Slice:
		return w.list(t.Elem())
	}
	_, text := token.(string)
	_, delim := token.(json.Delim)
	binary := text && t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8
	if composite := t.Kind() == reflect.Struct || t.Kind() == reflect.Map || t.Kind() == reflect.Slice; delim || composite && !binary {
		return ErrDamaged
	}
	return nil
}

func (w *weigher) fields(t reflect.Type) error {
	known := fieldsOf(t)
	return w.each(func(token json.Token) error {
		name, _ := token.(string)
		value, err := w.dec.Token()
		if err != nil {
			return err
		}
		field, ok := known[strings.ToLower(name)]
		if !ok {
			return w.open(value)
		}
		return w.value(value, field)
	})
}

func (w *weigher) pairs(of reflect.Type) error {
	return w.each(func(json.Token) error {
		value, err := w.dec.Token()
		if err != nil {
			return err
		}
		if err := w.add(pairWeight + Growth*int(of.Size())); err != nil {
			return err
		}
		return w.value(value, of)
	})
}

func (w *weigher) list(of reflect.Type) error {
	return w.each(func(value json.Token) error {
		if err := w.add(Growth * int(of.Size())); err != nil {
			return err
		}
		return w.value(value, of)
	})
}

// each calls do with the first token of each part of the list or object that has begun,
// up to its end.
func (w *weigher) each(do func(json.Token) error) error {
	for w.dec.More() {
		token, err := w.dec.Token()
		if err == nil {
			err = do(token)
		}
		if err != nil {
			return err
		}
	}
	_, err := w.dec.Token()
	return err
}

// open reads a value whose type does not determine its contents.
func (w *weigher) open(token json.Token) error {
	for depth := 0; ; {
		if err := w.add(anyWeight); err != nil {
			return err
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
		var err error
		if token, err = w.dec.Token(); err != nil {
			return err
		}
	}
}

var knownFields sync.Map // of reflect.Type to map[string]reflect.Type

// fieldsOf returns the types of a struct's fields by their JSON names in lower case,
// because package json ignores case. Fields of embedded structs count as fields of the
// struct.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	if known, ok := knownFields.Load(t); ok {
		return known.(map[string]reflect.Type) //nolint:forcetypeassert // nothing else is stored.
	}
	fields := map[string]reflect.Type{}
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" || !f.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		fields[strings.ToLower(name)] = f.Type
	}
	knownFields.Store(t, fields)
	return fields
}
