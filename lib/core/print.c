#include "print.h"

#include <float.h>
#include <langinfo.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ELLIPSIS = 3 };

void print_start(struct print *p, char *buffer, size_t room)
{
    *p = (struct print){.buffer = buffer, .room = room};
    buffer[0] = 0;
}

/* All of it or none. */
static void append(struct print *p, const char *text, size_t len)
{
    if (p->cut)
        return;
    if (p->len + len + ELLIPSIS + 1 > p->room) {
        memcpy(p->buffer + p->len, "...", ELLIPSIS + 1);
        p->len += ELLIPSIS;
        p->cut = true;
        return;
    }
    memcpy(p->buffer + p->len, text, len);
    p->len += len;
    p->buffer[p->len] = 0;
}

void print_text(struct print *p, const char *text)
{
    append(p, text, strlen(text));
}

__attribute__((format(printf, 2, 3))) static void print_format(struct print *p, const char *format, ...)
{
    char text[64];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    print_text(p, text);
}

/* Bytes of the well-formed UTF-8 sequence that starts here; 0: none. */
static size_t utf8_length(const unsigned char *s, size_t len)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = s[0] >= 0xF0 && s[0] < 0xF5   ? 4
               : s[0] >= 0xE0 && s[0] < 0xF0 ? 3
               : s[0] >= 0xC2 && s[0] < 0xE0 ? 2
                                             : 0;
    if (n == 0 || n > len)
        return 0;
    uint32_t code = s[0] & (0x7Fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xC0) != 0x80)
            return 0;
        code = code << 6 | (s[i] & 0x3Fu);
    }
    /* C1 controls are controls too. */
    return code < least[n] || code < 0xA0 || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000) ? 0 : n;
}

size_t print_unit(const char *text)
{
    if (text[0] == '\\' && text[1] != 0)
        return strspn(text + 1, "01234567") < 3 ? 2 : 4;
    size_t n = text[0] != 0 ? utf8_length((const unsigned char *)text, strnlen(text, 4)) : 0;
    return n != 0 ? n : 1;
}

static size_t print_character(struct print *p, const unsigned char *s, size_t len, char quote)
{
    static const char plain[] = "\n\t\r\\", letters[] = "ntr\\";
    const char *special = s[0] != 0 ? strchr(plain, s[0]) : NULL;
    char text[5];
    size_t n;
    if (special != NULL || s[0] == (unsigned char)quote) {
        text[0] = '\\';
        text[1] = special != NULL ? letters[special - plain] : quote;
        append(p, text, 2);
        return 1;
    }
    if (s[0] == '*' && p->target) {
        append(p, "\\*", 2);
        return 1;
    }
    if (s[0] >= 0x20 && s[0] < 0x7F) {
        append(p, (const char *)s, 1);
        return 1;
    }
    n = utf8_length(s, len);
    if (n != 0) {
        append(p, (const char *)s, n);
        return n;
    }
    snprintf(text, sizeof text, "\\%03o", s[0]);
    append(p, text, 4);
    return 1;
}

void print_string(struct print *p, const unsigned char *bytes, size_t len)
{
    append(p, "\"", 1);
    for (size_t i = 0; i < len && !p->cut;)
        i += print_character(p, bytes + i, len - i, '"');
    append(p, "\"", 1);
}

static void print_hex(struct print *p, const unsigned char *bytes, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    append(p, "x\"", 2);
    for (size_t i = 0; i < len && !p->cut; i++)
        append(p, (const char[]){digits[bytes[i] >> 4], digits[bytes[i] & 15]}, 2);
    append(p, "\"", 1);
}

uint64_t print_unsigned(const unsigned char *bytes, size_t len)
{
    uint64_t value = 0;
    memcpy((unsigned char *)&value + (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 8 - len : 0), bytes, len);
    return value;
}

void print_plain_radix(char *number)
{
    const char *radix = nl_langinfo(RADIXCHAR);
    char *at = strstr(number, radix);
    size_t n = strlen(radix);
    if (at == NULL || n == 0)
        return;
    *at = '.';
    memmove(at + 1, at + n, strlen(at + n) + 1);
}

/*
 * `nan` and `-nan` stand for one value each, as all that is printed does; other bits that are no number
 * either have no better form than their bytes.
 */
static void print_nan(struct print *p, const unsigned char *bytes, size_t len, const void *nan,
                      const void *negative)
{
    if (memcmp(bytes, nan, len) == 0)
        print_text(p, "nan");
    else if (memcmp(bytes, negative, len) == 0)
        print_text(p, "-nan");
    else
        print_hex(p, bytes, len);
}

static void print_float(struct print *p, const unsigned char *bytes, size_t len)
{
    char text[64];
    if (len == sizeof(float)) {
        float f;
        memcpy(&f, bytes, sizeof f);
        if (f != f) {
            print_nan(p, bytes, len, &(float){__builtin_nanf("")}, &(float){-__builtin_nanf("")});
            return;
        }
        for (int digits = 6; digits <= 9; digits++) {
            snprintf(text, sizeof text, "%.*g", digits, (double)f);
            if (strtof(text, NULL) == f)
                break;
        }
    } else if (len == sizeof(double)) {
        double d;
        memcpy(&d, bytes, sizeof d);
        if (d != d) {
            print_nan(p, bytes, len, &(double){__builtin_nan("")}, &(double){-__builtin_nan("")});
            return;
        }
        for (int digits = 15; digits <= 17; digits++) {
            snprintf(text, sizeof text, "%.*g", digits, d);
            if (strtod(text, NULL) == d)
                break;
        }
    } else if (len <= sizeof(long double) && len >= 10) {
        long double l = 0;
        memcpy(&l, bytes, len);
        if (l != l) {
            print_nan(p, bytes, len, &(long double){__builtin_nanl("")}, &(long double){-__builtin_nanl("")});
            return;
        }
        for (int digits = 18; digits <= 36; digits++) {
            snprintf(text, sizeof text, "%.*Lg", digits, l);
            if (strtold(text, NULL) == l)
                break;
        }
    } else {
        print_hex(p, bytes, len);
        return;
    }
    print_plain_radix(text);
    print_text(p, text);
}

void print_scalar(struct print *p, uint32_t cls, const unsigned char *bytes, size_t len)
{
    if (cls == SWRCACHE_CLASS_FLOAT) {
        print_float(p, bytes, len);
        return;
    }
    if (cls == SWRCACHE_CLASS_CHAR && len != 1) {
        /* What stands behind the end of a text is part of a key, zeros apart. */
        while (len > 0 && bytes[len - 1] == 0)
            len--;
        print_string(p, bytes, len);
        return;
    }
    if (len == 0 || len > 8 || cls == SWRCACHE_CLASS_BYTES) {
        print_hex(p, bytes, len);
        return;
    }
    uint64_t u = print_unsigned(bytes, len);
    switch (cls) {
    case SWRCACHE_CLASS_BOOL:
        print_text(p, u != 0 ? "true" : "false");
        break;
    case SWRCACHE_CLASS_CHAR:
        append(p, "'", 1);
        print_character(p, bytes, 1, '\'');
        append(p, "'", 1);
        break;
    case SWRCACHE_CLASS_INT: {
        unsigned int shift = (unsigned int)(64 - 8 * len);
        print_format(p, "%lld", (long long)((int64_t)(u << shift) >> shift));
        break;
    }
    case SWRCACHE_CLASS_UINT:
        print_format(p, "%llu", (unsigned long long)u);
        break;
    case SWRCACHE_CLASS_POINTER:
        if (u == 0)
            print_text(p, "NULL");
        else
            print_format(p, "0x%llx", (unsigned long long)u);
        break;
    default:
        print_hex(p, bytes, len);
    }
}

void print_argument(struct print *p, const struct key_cursor *c)
{
    const unsigned char *at = c->bytes;
    switch (c->param->kind) {
    case SWRCACHE_KIND_OPAQUE:
    case SWRCACHE_KIND_OUT:
        print_text(p, "_");
        return;
    case SWRCACHE_KIND_OUT_BYTES:
        print_format(p, "_[%zu]", c->len);
        return;
    default:
        break;
    }
    if (at == NULL) {
        print_text(p, "NULL");
        return;
    }
    switch (c->param->kind) {
    case SWRCACHE_KIND_VAL:
        print_scalar(p, c->param->cls, at, c->len);
        break;
    case SWRCACHE_KIND_STR:
        print_string(p, at, c->len);
        break;
    case SWRCACHE_KIND_STRUCT:
        append(p, "{", 1);
        for (uint32_t i = 0; i < c->param->nfields; i++) {
            const struct swrcache_field *f = &c->param->fields[i];
            if (i != 0)
                append(p, ", ", 2);
            print_text(p, f->name);
            append(p, "=", 1);
            print_scalar(p, f->cls, at, f->size);
            at += f->size;
        }
        append(p, "}", 1);
        break;
    default:
        print_hex(p, at, c->len);
    }
}

void print_key(struct print *p, const char *name, const struct key_shape *shape, const struct key *key,
               bool secret)
{
    struct key_cursor cursors[KEY_MAX_PARAMS];
    p->target = true;
    print_text(p, name);
    append(p, "(", 1);
    if (secret) {
        print_text(p, "***");
    } else {
        key_split(shape, key, cursors);
        for (uint32_t i = 0; i < shape->nparams; i++) {
            if (i != 0)
                append(p, ", ", 2);
            print_argument(p, &cursors[i]);
        }
    }
    append(p, ")", 1);
    p->target = false;
}

static void print_number(struct print *p, uint32_t cls, const unsigned char *bytes, size_t size)
{
    /* x87: ten bytes of value, six of nothing */
    if (cls == SWRCACHE_CLASS_FLOAT && size == sizeof(long double) && LDBL_MANT_DIG == 64)
        size = 10;
    print_scalar(p, cls, bytes, size);
}

static size_t out_size(const struct key_shape *shape, const struct key_cursor *cursors, uint32_t i)
{
    uint32_t kind = shape->params[i].kind;
    return kind == SWRCACHE_KIND_OUT         ? shape->params[i].size
           : kind == SWRCACHE_KIND_OUT_BYTES ? cursors[i].len
                                             : 0;
}

/* {half=2, text=x"0a0b"} */
static void print_outs(struct print *p, const struct key_shape *shape, const struct key_cursor *cursors,
                       const unsigned char *value)
{
    const char *before = "{";
    for (uint32_t i = 0; i < shape->nparams; i++) {
        size_t size = out_size(shape, cursors, i);
        if (size == 0)
            continue;
        print_text(p, before);
        print_text(p, shape->params[i].name);
        append(p, "=", 1);
        if (shape->params[i].kind == SWRCACHE_KIND_OUT)
            print_number(p, shape->params[i].cls, value, size);
        else
            print_hex(p, value, size);
        value += size;
        before = ", ";
    }
    append(p, "}", 1);
}

void print_value(struct print *p, const struct swrcache_site *site, const struct key_shape *shape,
                 const struct key *key, const unsigned char *value, size_t len, bool null)
{
    struct key_cursor cursors[KEY_MAX_PARAMS];
    size_t outs = 0;
    key_split(shape, key, cursors);
    for (uint32_t i = 0; i < shape->nparams; i++)
        outs += out_size(shape, cursors, i);
    if (outs > len)
        return;
    if (null) {
        print_text(p, "NULL");
    } else if (site->form == SWRCACHE_FORM_VALUE) {
        if (site->result_size == 0)
            print_string(p, value + outs, len - outs);
        else if (len - outs >= site->result_size)
            print_number(p, site->result_cls, value + outs, site->result_size);
    } else if (site->form == SWRCACHE_FORM_STRING) {
        print_string(p, value + outs, strnlen((const char *)value + outs, len - outs));
    } else if (site->form == SWRCACHE_FORM_VOID) {
        print_text(p, "void");
    } else {
        print_text(p, "<");
        print_text(p, site->result_type);
        print_text(p, ">");
    }
    if (outs != 0) {
        append(p, " ", 1);
        print_outs(p, shape, cursors, value);
    }
}
