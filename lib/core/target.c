#include "target.h"

#include <ctype.h>
#include <errno.h>
#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "print.h"
#include "base/os.h"

enum { ARGUMENT_SHORT = 512, ARGUMENT_MAX = 8192 };

/* How many bytes of the pattern mean the text's first printed character, which is `unit` long; 0: another. */
static size_t meant(const char *pattern, const char *text, size_t unit)
{
    size_t len = print_unit(pattern);
    if (*pattern == '?')
        return 1;
    if (*pattern == '\\' && (pattern[1] == '*' || pattern[1] == '?')) {
        size_t printed = unit == 2 && text[0] == '\\'; /* by print_key() */
        return text[printed] == pattern[1] ? 2 : 0;
    }
    return len == unit && memcmp(pattern, text, len) == 0 ? len : 0;
}

bool target_glob(const char *pattern, const char *text)
{
    const char *star = NULL, *retry = NULL;
    for (;;) {
        if (*pattern == '*') {
            star = ++pattern;
            retry = text;
            continue;
        }
        if (*text == 0 && *pattern == 0)
            return true;
        if (*text != 0 && *pattern != 0) {
            size_t unit = print_unit(text), taken = meant(pattern, text, unit);
            if (taken != 0) {
                pattern += taken;
                text += unit;
                continue;
            }
        }
        if (star == NULL || *retry == 0)
            return false;
        text = retry += print_unit(retry);
        pattern = star;
    }
}

/* Equal but for \* and \?. */
static bool same_text(const char *pattern, const char *text)
{
    for (; *pattern != 0; pattern++, text++) {
        if (*pattern == '\\' && (pattern[1] == '*' || pattern[1] == '?'))
            pattern++;
        else if (*pattern == '\\' && pattern[1] != 0 && *text == '\\') {
            pattern++;
            text++;
        }
        if (*pattern != *text)
            return false;
    }
    return *text == 0;
}

/* As much of a number as a parameter of that size holds. */
static long double fitted(long double number, const struct key_cursor *c)
{
    if (c->param->cls != SWRCACHE_CLASS_FLOAT)
        return number;
    return c->len == sizeof(float) ? (float)number : c->len == sizeof(double) ? (double)number : number;
}

/* 0 and -0 are equal numbers, but two keys. */
static bool same_number(const char *pattern, const char *text, const struct key_cursor *c)
{
    long double p, t;
    return target_number(pattern, &p) && target_number(text, &t) && fitted(p, c) == fitted(t, c) &&
           (t != 0 || c->param->cls != SWRCACHE_CLASS_FLOAT ||
            __builtin_signbit(fitted(p, c)) == __builtin_signbit(t));
}

/* The number as an argument of that type would be; false: it is none. */
static bool as_argument(long double number, const struct swrcache_param *p, unsigned char *value)
{
    float f = (float)number;
    double d = (double)number;
    int64_t whole;
    if (p->cls == SWRCACHE_CLASS_FLOAT) {
        const void *of = p->size == sizeof f   ? (void *)&f
                         : p->size == sizeof d ? (void *)&d
                                               : (void *)&number;
        memcpy(value, of, p->size);
        return true;
    }
    bool positive = p->cls == SWRCACHE_CLASS_UINT;
    if (p->size > sizeof whole ||
        !(number >= (positive ? 0 : -0x1p63L) && number < (positive ? 0x1p64L : 0x1p63L)))
        return false;
    whole = positive ? (int64_t)(uint64_t)number : (int64_t)number;
    memcpy(value,
           (unsigned char *)&whole + (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? sizeof whole - p->size : 0),
           p->size);
    uint64_t held = print_unsigned(value, p->size);
    unsigned unused = 64 - 8 * p->size;
    return (positive ? (long double)held : (long double)((int64_t)(held << unused) >> unused)) == number;
}

/* Of a parameter whose arguments are rounded: a call with that number looks for this one. */
static bool rounded_to(const char *pattern, const struct key_shape *shape, uint32_t i,
                       const struct key_cursor *c)
{
    _Alignas(16) unsigned char value[sizeof(long double)] = {0};
    long double number;
    return shape->bits != NULL && shape->bits->round != NULL && c->param->size <= sizeof value &&
           target_number(pattern, &number) && as_argument(number, c->param, value) &&
           bits_round(shape->bits, i, value) && memcmp(value, c->bytes, c->len) == 0;
}

/* What %d makes of any whole number, character or bool: the same bytes. */
static bool same_bytes(const char *pattern, const struct key_cursor *c)
{
    uint32_t cls = c->param->cls;
    char *end;
    errno = 0;
    if (c->len > 8 ||
        (cls != SWRCACHE_CLASS_INT && cls != SWRCACHE_CLASS_UINT && cls != SWRCACHE_CLASS_CHAR &&
         cls != SWRCACHE_CLASS_BOOL && cls != SWRCACHE_CLASS_POINTER))
        return false;
    uint64_t value = 0, n = strtoull(pattern, &end, 0);
    if (end == pattern || *end != 0 || errno != 0)
        return strcmp(pattern, "(nil)") == 0 && cls == SWRCACHE_CLASS_POINTER &&
               print_unsigned(c->bytes, c->len) == 0;
    value = print_unsigned(c->bytes, c->len);
    if (c->len < 8) {
        /* As the type has it, or sign or no sign apart. */
        int64_t s = (int64_t)n, most = INT64_C(1) << (8 * c->len);
        if (s >= most || s < -most / 2)
            return false;
        n &= (uint64_t)most - 1;
    }
    return n == value;
}

static bool fail(char *error, size_t room, const char *what, size_t place, const char *cure)
{
    snprintf(error, room, "%s at character %zu of the target: %s", what, place + 1, cure);
    return false;
}

static const struct prefix {
    const char *text;
    enum target_kind kind;
} prefixes[] = {{"region:", TARGET_REGION}, {"tag:", TARGET_TAG}, {"event:", TARGET_EVENT}};

/* The rest of the text, the backslashes of format.h taken out. */
static bool parse_named(struct target *t, const struct prefix *p, char *s, char *error, size_t room)
{
    char *from = s + strlen(p->text), *to = from;
    t->kind = p->kind;
    t->name = from;
    if (*from == 0)
        return fail(error, room, "no name", (size_t)(from - t->text), "write one after the colon");
    while (*from != 0) {
        if (*from == '\\' && from[1] != 0)
            from++;
        *to++ = *from++;
    }
    *to = 0;
    return true;
}

bool target_parse(struct target *t, const char *text, char *error, size_t room)
{
    size_t len = strlen(text), i = 0;
    char *s = t->text;
    t->nargs = 0;
    if (len >= TARGET_TEXT_MAX)
        return fail(error, room, "too long", TARGET_TEXT_MAX, "shorten an argument with *");
    memcpy(s, text, len + 1);
    while (len > 0 && s[len - 1] == ' ' && (len == 1 || s[len - 2] != '\\'))
        s[--len] = 0;
    while (s[i] == ' ')
        i++;
    bool literal = s[i] == '\\'; /* of format.h: a function's name whatever it is */
    i += literal;
    t->name = s + i;
    if (s[i] == 0)
        return fail(error, room, "nothing", i, "write all, a function, or a call such as quote(\"ACME\", 3)");
    for (size_t p = 0; !literal && p < sizeof prefixes / sizeof prefixes[0]; p++)
        if (strncmp(s + i, prefixes[p].text, strlen(prefixes[p].text)) == 0)
            return parse_named(t, &prefixes[p], s + i, error, room);
    if (!isalpha((unsigned char)s[i]) && s[i] != '_')
        return fail(error, room, "no function name", i,
                    "write all, a function, or a call such as quote(\"ACME\", 3)");
    while (isalnum((unsigned char)s[i]) || s[i] == '_' || s[i] == '.' || s[i] == '-')
        i++;
    if (s[i] == 0) {
        t->kind = !literal && strcmp(t->name, "all") == 0 ? TARGET_ALL : TARGET_FUNCTION;
        return true;
    }
    if (s[i] != '(')
        return fail(error, room, "unexpected text after the name", i,
                    "write ( and the arguments, or the name alone");
    t->kind = TARGET_CALL;
    s[i++] = 0;
    for (;;) {
        while (s[i] == ' ')
            i++;
        size_t start = i, depth = 0;
        if (s[i] == ')' && t->nargs == 0)
            break;
        for (; s[i] != 0 && (depth > 0 || (s[i] != ',' && s[i] != ')')); i++) {
            if (s[i] == '"' || s[i] == '\'') {
                char quote = s[i];
                size_t open = i;
                for (i++; s[i] != quote && s[i] != 0; i++)
                    if (s[i] == '\\' && s[i + 1] != 0)
                        i++;
                if (s[i] == 0)
                    return fail(error, room, "a quote opened", open,
                                len > 3 && strcmp(s + len - 3, "...") == 0
                                    ? "is never closed: of a long call only the beginning was printed; write "
                                      "* for the rest"
                                    : "is never closed; close it (the shell may have taken it: put the "
                                      "target in '...')");
            } else if (s[i] == '{') {
                depth++;
            } else if (s[i] == '}') {
                if (depth == 0)
                    return fail(error, room, "a } without {", i, "remove it");
                depth--;
            }
        }
        if (depth > 0)
            return fail(error, room, "a { without }", start, "close it");
        if (s[i] == 0)
            return fail(error, room, "no )", i, "end the arguments with )");
        if (i == start)
            return fail(error, room, "an empty argument", i, "write * for any");
        if (t->nargs == KEY_MAX_PARAMS)
            return fail(error, room, "too many arguments", start, "a cached function has at most 24");
        size_t end = i;
        while (end > start && s[end - 1] == ' ')
            end--;
        t->args[t->nargs++] = s + start;
        if (s[i] == ')') {
            s[end] = 0;
            if (end != i)
                s[i] = ')';
            break;
        }
        s[end] = 0;
        i++;
    }
    if (i + 1 < len)
        return fail(error, room, "text after )", i + 1, "remove it");
    if (t->nargs == 0)
        s[i] = 0;
    return true;
}

/* A pattern without a sign, and what the argument is printed as. */
static bool stands_for(const char *pattern, const char *text, const struct key_shape *shape, uint32_t i,
                       const struct key_cursor *c)
{
    if (target_starred(pattern))
        return target_glob(pattern, text);
    if (same_text(pattern, text))
        return true;
    return c->param->kind == SWRCACHE_KIND_VAL && c->bytes != NULL &&
           (same_bytes(pattern, c) || (c->param->cls != SWRCACHE_CLASS_CHAR &&
                                       (same_number(pattern, text, c) || rounded_to(pattern, shape, i, c))));
}

static bool compares(enum target_sign sign, const char *operand, const char *text, const struct key_cursor *c)
{
    long double p, t;
    if (!target_number(operand, &p) || !target_number(text, &t))
        return false;
    p = fitted(p, c);
    t = fitted(t, c);
    switch (sign) {
    case TARGET_AT_LEAST:
        return t >= p;
    case TARGET_AT_MOST:
        return t <= p;
    case TARGET_ABOVE:
        return t > p;
    default:
        return t < p;
    }
}

/* Bytes are printed as x"0a0b", but who writes "text" means the bytes of it. */
static void print_as_asked(struct print *p, const char *operand, const struct key_cursor *c)
{
    if (c->param->kind == SWRCACHE_KIND_BYTES && operand[0] == '"' && c->bytes != NULL)
        print_string(p, c->bytes, c->len);
    else
        print_argument(p, c);
}

/* What is printed is longer than most. `otherwise`: where that cannot be found out. */
static bool stands_for_long(const char *operand, const struct key_cursor *c, bool otherwise)
{
    size_t room = 8 * c->len + 4096; /* \\ooo a byte, and a structure's names */
    char *text = os_alloc(room);
    struct print p;
    if (text == NULL)
        return otherwise;
    print_start(&p, text, room);
    print_as_asked(&p, operand, c);
    bool stands = p.cut ? otherwise : target_glob(operand, text);
    os_free(text);
    return stands;
}

/* Printed into `text`, of so much room. *cut: it needs more. */
static bool matches_printed(const char *pattern, const struct key_shape *shape, uint32_t i,
                            const struct key_cursor *c, char *text, size_t room, bool *cut)
{
    const char *operand;
    struct print p;
    enum target_sign sign = target_sign(pattern, &operand);
    bool negated = sign == TARGET_NOT;
    print_start(&p, text, room);
    print_as_asked(&p, operand, c);
    *cut = p.cut;
    if (!negated && sign != TARGET_EQUAL)
        return compares(sign, operand, text, c);
    if (!p.cut)
        return stands_for(operand, text, shape, i, c) != negated;
    /* Without a star a target is shorter. In doubt rather too much than a value that should be gone. */
    return room == ARGUMENT_MAX &&
           (target_starred(operand) && stands_for_long(operand, c, !negated)) != negated;
}

static bool argument_matches(const char *pattern, const struct key_shape *shape, uint32_t i,
                             const struct key_cursor *c)
{
    char text[ARGUMENT_SHORT];
    bool cut;
    if (pattern == NULL || strcmp(pattern, "*") == 0)
        return true;
    if (target_silent(c->param) && strcmp(pattern, "_") == 0)
        return true;
    bool matches = matches_printed(pattern, shape, i, c, text, sizeof text, &cut);
    if (!cut)
        return matches;
    /* Not on the stack: a thread may have little of it. */
    char *longer = os_alloc(ARGUMENT_MAX);
    matches = longer == NULL || matches_printed(pattern, shape, i, c, longer, ARGUMENT_MAX, &cut);
    os_free(longer);
    return matches;
}

uint32_t target_likeness(const struct target *t, const struct key_shape *shape, const struct key *key,
                         uint32_t *differs)
{
    struct key_cursor cursors[KEY_MAX_PARAMS];
    uint32_t like = 0;
    *differs = shape->nparams;
    if (t->kind != TARGET_CALL)
        return shape->nparams;
    key_split(shape, key, cursors);
    for (uint32_t i = 0; i < shape->nparams; i++) {
        if (argument_matches(target_argument(t, shape, i), shape, i, &cursors[i]))
            like++;
        else if (*differs == shape->nparams)
            *differs = i;
    }
    return like;
}

bool target_matches(const struct target *t, const struct key_shape *shape, const struct key *key)
{
    struct key_cursor cursors[KEY_MAX_PARAMS];
    if (t->kind != TARGET_CALL)
        return true;
    key_split(shape, key, cursors);
    for (uint32_t i = 0; i < shape->nparams; i++)
        if (!argument_matches(target_argument(t, shape, i), shape, i, &cursors[i]))
            return false;
    return true;
}
