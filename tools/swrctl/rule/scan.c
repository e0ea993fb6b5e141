#include "scan.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool in_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$';
}

void scan_next(struct scan *s)
{
    s->at += s->len;
    while (*s->at == ' ' || *s->at == '\t')
        s->at++;
    s->len = 0;
    if (strncmp(s->at, "...", 3) == 0)
        s->len = 3;
    else if (in_word(*s->at))
        while (in_word(s->at[s->len]))
            s->len++;
    else if (*s->at != 0)
        s->len = 1;
}

void scan_start(struct scan *s, const char *text, struct declaration_error *error)
{
    *s = (struct scan){.text = text, .at = text, .error = error};
    scan_next(s);
}

bool scan_is(const struct scan *s, const char *token)
{
    return strlen(token) == s->len && memcmp(s->at, token, s->len) == 0;
}

bool scan_is_word(const struct scan *s)
{
    return s->len != 0 && in_word(*s->at) && !isdigit((unsigned char)*s->at);
}

bool scan_take(struct scan *s, const char *token)
{
    if (!scan_is(s, token))
        return false;
    scan_next(s);
    return true;
}

static bool fail(struct scan *s, const char *place, const char *format, va_list args)
{
    s->error->column = (size_t)(place - s->text);
    vsnprintf(s->error->text, sizeof s->error->text, format, args);
    return false;
}

bool scan_fail(struct scan *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fail(s, s->at, format, args);
    va_end(args);
    return false;
}

bool scan_fail_at(struct scan *s, const char *place, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fail(s, place, format, args);
    va_end(args);
    return false;
}

bool scan_missing(struct scan *s, const char *what)
{
    return s->len == 0 ? scan_fail(s, "%s is missing at the end", what)
                       : scan_fail(s, "%s is missing before '%.*s'", what, SCAN_SHOWN(s));
}

bool scan_word(struct scan *s, const char *what, char *to, size_t room)
{
    if (!scan_is_word(s))
        return scan_missing(s, what);
    if (s->len >= room)
        return scan_fail(s, "%s is longer than %zu characters", what, room - 1);
    memcpy(to, s->at, s->len);
    to[s->len] = 0;
    scan_next(s);
    return true;
}
