#include "target.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "print.h"

enum { ARGUMENT_MAX = 8192 };

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
            if (*pattern == '?') {
                pattern++;
                text++;
                continue;
            }
            if (*pattern == '\\' && (pattern[1] == '*' || pattern[1] == '?')) {
                if (*text == pattern[1]) {
                    pattern += 2;
                    text++;
                    continue;
                }
            } else if (*pattern == '\\' && pattern[1] != 0) {
                if (text[0] == '\\' && text[1] == pattern[1]) {
                    pattern += 2;
                    text += 2;
                    continue;
                }
            } else if (*pattern == *text) {
                pattern++;
                text++;
                continue;
            }
        }
        if (star == NULL || *retry == 0)
            return false;
        text = ++retry;
        pattern = star;
    }
}

static bool has_star(const char *s)
{
    for (; *s != 0; s++) {
        if (*s == '\\' && s[1] != 0)
            s++;
        else if (*s == '*')
            return true;
    }
    return false;
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

static bool same_number(const char *pattern, const char *text)
{
    char *end_p, *end_t;
    long double p = strtold(pattern, &end_p), t = strtold(text, &end_t);
    return end_p != pattern && *end_p == 0 && end_t != text && *end_t == 0 && p == t;
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
    while (len > 0 && s[len - 1] == ' ')
        s[--len] = 0;
    while (s[i] == ' ')
        i++;
    t->name = s + i;
    if (s[i] == 0)
        return fail(error, room, "nothing", i, "write all, a function, or a call such as quote(\"ACME\", 3)");
    for (size_t p = 0; p < sizeof prefixes / sizeof prefixes[0]; p++)
        if (strncmp(s + i, prefixes[p].text, strlen(prefixes[p].text)) == 0)
            return parse_named(t, &prefixes[p], s + i, error, room);
    if (!isalpha((unsigned char)s[i]) && s[i] != '_')
        return fail(error, room, "no function name", i,
                    "write all, a function, or a call such as quote(\"ACME\", 3)");
    while (isalnum((unsigned char)s[i]) || s[i] == '_' || s[i] == '.' || s[i] == '-')
        i++;
    if (s[i] == 0) {
        t->kind = strcmp(t->name, "all") == 0 ? TARGET_ALL : TARGET_FUNCTION;
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
                    return fail(
                        error, room, "a quote opened", open,
                        "is never closed; close it (the shell may have taken it: put the target in '...')");
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

static bool silent(const struct swrcache_param *p)
{
    return p->kind == SWRCACHE_KIND_OPAQUE || p->kind == SWRCACHE_KIND_OUT ||
           p->kind == SWRCACHE_KIND_OUT_BYTES;
}

static uint32_t speaking(const struct key_shape *shape)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < shape->nparams; i++)
        n += !silent(&shape->params[i]);
    return n;
}

bool target_fits(const struct target *t, const struct key_shape *shape, char *error, size_t room)
{
    if (t->kind != TARGET_CALL || t->nargs == shape->nparams || t->nargs == speaking(shape))
        return true;
    int n = snprintf(error, room, "%s has %u argument%s, not %u; write %s(", t->name, speaking(shape),
                     speaking(shape) == 1 ? "" : "s", t->nargs, t->name);
    bool first = true;
    for (uint32_t i = 0; i < shape->nparams; i++) {
        if (silent(&shape->params[i]))
            continue;
        if (n > 0 && (size_t)n < room)
            n += snprintf(error + n, room - (size_t)n, "%s%s", first ? "" : ", ", shape->params[i].name);
        first = false;
    }
    if (n > 0 && (size_t)n < room)
        snprintf(error + n, room - (size_t)n, ") with * for any");
    return false;
}

const char *target_argument(const struct target *t, const struct key_shape *shape, uint32_t i)
{
    uint32_t at = i;
    if (t->nargs != shape->nparams) {
        if (silent(&shape->params[i]))
            return NULL;
        at = 0;
        for (uint32_t j = 0; j < i; j++)
            at += !silent(&shape->params[j]);
    }
    return at < t->nargs ? t->args[at] : NULL;
}

/* >=30 and the like. *known: the pattern is such a one. */
static bool compares(const char *pattern, const char *text, bool *known)
{
    static const char *const signs[] = {">=", "<=", "!=", ">", "<"};
    char *end_p, *end_t;
    *known = false;
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        if (strncmp(pattern, signs[i], strlen(signs[i])) != 0)
            continue;
        const char *operand = pattern + strlen(signs[i]);
        while (*operand == ' ')
            operand++;
        long double p = strtold(operand, &end_p), t = strtold(text, &end_t);
        bool numbers = end_p != operand && *end_p == 0 && end_t != text && *end_t == 0;
        *known = true;
        switch (i) {
        case 0:
            return numbers && t >= p;
        case 1:
            return numbers && t <= p;
        case 2:
            return numbers ? t != p : !same_text(operand, text);
        case 3:
            return numbers && t > p;
        default:
            return numbers && t < p;
        }
    }
    return false;
}

static bool argument_matches(const char *pattern, const struct key_cursor *c)
{
    char text[ARGUMENT_MAX];
    struct print p;
    if (pattern == NULL || strcmp(pattern, "*") == 0)
        return true;
    if (silent(c->param) && strcmp(pattern, "_") == 0)
        return true;
    print_start(&p, text, sizeof text);
    print_argument(&p, c);
    if (p.cut)
        return false; /* a target is shorter than that */
    bool known, compared = compares(pattern, text, &known);
    if (known)
        return compared;
    if (has_star(pattern))
        return target_glob(pattern, text);
    if (same_text(pattern, text))
        return true;
    return c->param->kind == SWRCACHE_KIND_VAL && c->bytes != NULL && c->param->cls != SWRCACHE_CLASS_CHAR &&
           same_number(pattern, text);
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
        if (argument_matches(target_argument(t, shape, i), &cursors[i]))
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
        if (!argument_matches(target_argument(t, shape, i), &cursors[i]))
            return false;
    return true;
}
