/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON for drivers in C: what the loader protocol needs, strict and bounded. A line holds one
 * object, RFC 8259 in UTF-8, without NULs in its strings. Every mistake in it ends in fail(), which
 * is the driver's.
 *
 * Order to read in: UTF-8, writing, reading (a line becomes a tree of values, its strings are
 * decoded in place), fields of an object.
 */
#ifndef JSON_H
#define JSON_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol.h"

enum {
	MAX_VALUES = 4096,	/* values in it */
	MAX_DEPTH = 32,		/* of arrays and objects in each other */
};

/*
 * Says what is wrong with the line that is being read, printf-like, and goes on with the next one.
 */
__attribute__((noreturn, format(printf, 1, 2))) static void fail(const char *format, ...);

/* Bytes of the valid UTF-8 sequence that s starts with, 0 if it starts with none. */
static size_t utf8_length(const char *s)
{
	const unsigned char *b = (const unsigned char *)s;
	size_t length = b[0] < 0x80 ? 1 : b[0] < 0xc2 ? 0 : b[0] < 0xe0 ? 2 :
			b[0] < 0xf0 ? 3 : b[0] < 0xf5 ? 4 : 0;

	for (size_t i = 1; i < length; i++)
		if ((b[i] & 0xc0) != 0x80)
			return 0;
	/* overlong forms, surrogates, and what lies beyond U+10FFFF */
	if ((b[0] == 0xe0 && b[1] < 0xa0) || (b[0] == 0xed && b[1] > 0x9f) ||
	    (b[0] == 0xf0 && b[1] < 0x90) || (b[0] == 0xf4 && b[1] > 0x8f))
		return 0;
	return length;
}

static char *encode_utf8(char *to, uint32_t c)
{
	int more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3; /* bytes after the first */

	*to++ = (more ? 0xf00 >> more & 0xff : 0) | c >> 6 * more;
	while (more--)
		*to++ = 0x80 | (c >> 6 * more & 0x3f);
	return to;
}

/* ---- writing ---- */

/* Names in an object file and the kernel's logs need not be UTF-8; what is not becomes U+FFFD. */
static void put_string(FILE *to, const char *s)
{
	fputc('"', to);
	while (*s) {
		size_t n = utf8_length(s);

		if (!n)
			fputs("\\ufffd", to);
		else if ((unsigned char)*s < 0x20 || *s == '"' || *s == '\\')
			fprintf(to, "\\u%04x", (unsigned char)*s);
		else
			fwrite(s, n, 1, to);
		s += n ? n : 1;
	}
	fputc('"', to);
}

/*
 * Writes JSON as it stands, with %s for a string, quoted and escaped, and %u for an unsigned int.
 */
static void put(FILE *to, const char *json, ...)
{
	va_list args;

	va_start(args, json);
	for (; *json; json++) {
		if (*json != '%')
			fputc(*json, to);
		else if (*++json == 's')
			put_string(to, va_arg(args, const char *));
		else
			fprintf(to, "%u", va_arg(args, unsigned int));
	}
	va_end(args);
}

/* ---- reading ---- */

enum kind { JSON_NULL, JSON_BOOLEAN, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct value {
	enum kind kind;
	const char *key;		/* in an object */
	const char *text;		/* of a string, decoded; of another scalar, where it starts */
	struct value *child, *next;	/* the first in an array or object, the next of the same */
};

static char line[MAX_LINE + 1];	/* ends in a NUL, which JSON never has: reading stops there */
static char *at;		/* what is left of it */
static struct value values[MAX_VALUES];
static size_t values_used;

static bool next_is(const char *word)
{
	size_t n = strlen(word);

	if (strncmp(at, word, n))
		return false;
	at += n;
	return true;
}

static void skip_space(void)
{
	at += strspn(at, " \t\r");
}

static void expect(const char *c)
{
	skip_space();
	if (!next_is(c))
		fail("no %s where one should be", c);
}

static uint32_t parse_hex4(void)
{
	char digits[5] = "";

	if (strspn(at, "0123456789abcdefABCDEF") < 4)
		fail("a \\u escape without four hex digits");
	memcpy(digits, at, 4);
	at += 4;
	return strtoul(digits, NULL, 16);
}

static uint32_t parse_escape(void)
{
	const char *names = "\"\\/bfnrt", *means = "\"\\/\b\f\n\r\t", *name;
	uint32_t code, low;

	if (!next_is("u")) {
		if (!*at || !(name = strchr(names, *at++)))
			fail("an unknown escape");
		return means[name - names];
	}
	code = parse_hex4();
	if (code >= 0xd800 && code < 0xe000) {
		if (code >= 0xdc00 || !next_is("\\u") || (low = parse_hex4()) < 0xdc00 || low > 0xdfff)
			fail("half a surrogate pair");
		code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
	}
	if (!code)
		fail("a NUL in a string"); /* where C would end it */
	return code;
}

/*
 * Decoding in place fits: decoded text is never longer, and the NUL replaces a quote.
 */
static const char *parse_string(void)
{
	char *start, *to;
	size_t n;

	expect("\"");
	for (start = to = at; !next_is("\""); ) {
		n = utf8_length(at);
		if (!n || (unsigned char)*at < 0x20)
			fail("a string without an end, or with a control character or invalid UTF-8");
		if (next_is("\\")) {
			to = encode_utf8(to, parse_escape());
			continue;
		}
		memmove(to, at, n);
		to += n;
		at += n;
	}
	*to = '\0';
	return start;
}

static void parse_digits(void)
{
	size_t n = strspn(at, "0123456789");

	if (!n)
		fail("a value that is none, or a number without digits");
	at += n;
}

static void parse_number(void)
{
	next_is("-");
	if (!next_is("0"))
		parse_digits();
	if (next_is("."))
		parse_digits();
	if (next_is("e") || next_is("E")) {
		if (!next_is("+"))
			next_is("-");
		parse_digits();
	}
}

static struct value *parse_value(int depth);

/* The opening bracket has been read. */
static void parse_members(struct value *v, const char *close, int depth)
{
	struct value **last = &v->child;

	skip_space();
	if (next_is(close))
		return;
	do {
		const char *key = NULL;

		if (v->kind == JSON_OBJECT) {
			key = parse_string();
			expect(":");
		}
		*last = parse_value(depth + 1);
		(*last)->key = key;
		last = &(*last)->next;
		skip_space();
	} while (next_is(","));
	expect(close);
}

static struct value *parse_value(int depth)
{
	struct value *v = &values[values_used];

	if (depth > MAX_DEPTH || values_used == MAX_VALUES)
		fail("too many values, or nested too deep");
	values_used++;
	skip_space();
	*v = (struct value){ .text = at };
	if (*at == '"') {
		v->kind = JSON_STRING;
		v->text = parse_string();
	} else if (next_is("{")) {
		v->kind = JSON_OBJECT;
		parse_members(v, "}", depth);
	} else if (next_is("[")) {
		v->kind = JSON_ARRAY;
		parse_members(v, "]", depth);
	} else if (next_is("true") || next_is("false")) {
		v->kind = JSON_BOOLEAN;
	} else if (!next_is("null")) {
		v->kind = JSON_NUMBER;
		parse_number();
	}
	return v;
}

/*
 * Reads a line of length bytes, not counting its newline. Of one that is too long it reads one byte
 * too many. False at the end of the file.
 */
static bool next_line(FILE *from, size_t *length)
{
	int c;

	for (*length = 0; (c = getc(from)) != EOF && c != '\n' && *length < MAX_LINE; ++*length)
		line[*length] = c;
	line[*length] = '\0';
	*length += c != EOF && c != '\n';
	return c != EOF || *length;
}

/* The object that is all of the line. It lives until the next line is read. */
static const struct value *parse_line(size_t length)
{
	struct value *v;

	if (length > MAX_LINE)
		fail("a line of more than %d bytes", MAX_LINE);
	at = line;
	values_used = 0;
	v = parse_value(0);
	skip_space();
	if (v->kind != JSON_OBJECT || at != line + length)
		fail("a line that is not one object");
	return v;
}

/* ---- fields of an object: unknown ones are left alone, one of the wrong kind fails ---- */

/* NULL if there is no such field, or it is null. */
static const struct value *find(const struct value *object, const char *key, enum kind kind)
{
	static const char *const kinds[] = { "null", "boolean", "number", "string", "array", "object" };
	const struct value *found = NULL;

	for (const struct value *v = object->child; v; v = v->next) {
		if (!strcmp(v->key, key) && found)
			fail("%s: a second one", key);
		if (!strcmp(v->key, key))
			found = v;
	}
	if (!found || found->kind == JSON_NULL)
		return NULL;
	if (found->kind != kind)
		fail("%s: want its kind to be %s, not %s", key, kinds[kind], kinds[found->kind]);
	return found;
}

static const struct value *need(const struct value *object, const char *key, enum kind kind)
{
	const struct value *v = find(object, key, kind);

	if (!v)
		fail("%s: missing", key);
	return v;
}

static const char *string(const struct value *object, const char *key)
{
	return need(object, key, JSON_STRING)->text;
}

/* An empty string if there is no such field. */
static const char *optional(const struct value *object, const char *key)
{
	const struct value *v = find(object, key, JSON_STRING);

	return v ? v->text : "";
}

static bool boolean(const struct value *object, const char *key)
{
	return *need(object, key, JSON_BOOLEAN)->text == 't';
}

static uint64_t number_to(const struct value *object, const char *key, uint64_t most)
{
	const char *text = need(object, key, JSON_NUMBER)->text;
	unsigned long long n = (errno = 0, strtoull(text, NULL, 10));

	if (errno || n > most || strspn(text, "0123456789") != strspn(text, "-+.eE0123456789"))
		fail("%s: want a whole number from 0 to %llu", key, (unsigned long long)most);
	return n;
}

static uint32_t number(const struct value *object, const char *key)
{
	return number_to(object, key, UINT32_MAX);
}

#endif
