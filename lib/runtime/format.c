#include "format.h"
#include "core/print.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum place { NAME, ARGUMENT, QUOTED, QUOTED_CHAR };

struct output {
    char *buffer;
    size_t room, len;
    enum place place;
    bool overrun;
};

static void put(struct output *o, char c)
{
    if (o->len + 1 < o->room)
        o->buffer[o->len++] = c;
    else
        o->overrun = true;
    o->buffer[o->len] = 0;
}

static void put_text(struct output *o, const char *text)
{
    while (*text != 0)
        put(o, *text++);
}

/* What the format itself says: it opens and closes. */
static void put_syntax(struct output *o, char c, bool escaped)
{
    put(o, c);
    if (escaped)
        return;
    if (o->place == NAME)
        o->place = c == '(' ? ARGUMENT : NAME;
    else if (c == '"' && o->place != QUOTED_CHAR)
        o->place = o->place == QUOTED ? ARGUMENT : QUOTED;
    else if (c == '\'' && o->place != QUOTED)
        o->place = o->place == QUOTED_CHAR ? ARGUMENT : QUOTED_CHAR;
}

/* The inside of what print.h makes of it, stars and question marks escaped. */
static void put_quoted(struct output *o, const char *data, size_t len, bool character)
{
    char printed[4200];
    struct print p;
    print_start(&p, printed, sizeof printed);
    if (character && len == 1)
        print_scalar(&p, SWRCACHE_CLASS_CHAR, (const unsigned char *)data, 1);
    else
        print_string(&p, (const unsigned char *)data, len);
    o->overrun |= p.cut;
    for (size_t i = 1; i + 1 < p.len; i++) {
        if (printed[i] == '*' || printed[i] == '?')
            put(o, '\\');
        put(o, printed[i]);
    }
}

static void put_data(struct output *o, const char *data, size_t len, bool character)
{
    if (o->place == QUOTED || o->place == QUOTED_CHAR) {
        put_quoted(o, data, len, o->place == QUOTED_CHAR);
    } else if (o->place == ARGUMENT) {
        put(o, character ? '\'' : '"');
        put_quoted(o, data, len, character);
        put(o, character ? '\'' : '"');
    } else {
        for (size_t i = 0; i < len; i++) {
            /* The first of all: a function's name then, even if it is a word of the language. */
            if (o->len == 0 || (!isalnum((unsigned char)data[i]) && data[i] != '_'))
                put(o, '\\');
            put(o, data[i]);
        }
    }
}

/* One directive from after its %; where it ends, or NULL. `args` moves on. */
static const char *directive(struct output *o, const char *at, va_list *args)
{
    char spec[32] = "%", number[400];
    size_t n = 1;
    int longs = 0;
    bool size = false, big = false;
    int precision = -1;
    while (*at != 0 && strchr("-+ #0", *at) != NULL && n < 8)
        spec[n++] = *at++;
    while (isdigit((unsigned char)*at) && n < 12)
        spec[n++] = *at++;
    if (*at == '.') {
        spec[n++] = *at++;
        precision = 0;
        if (*at == '*') {
            precision = va_arg(*args, int);
            n += (size_t)snprintf(spec + n, 8, "%d", precision < 0 || precision > 9999 ? 9999 : precision);
            at++;
        } else {
            while (isdigit((unsigned char)*at) && n < 20) {
                precision = precision * 10 + (*at - '0');
                spec[n++] = *at++;
            }
        }
    }
    for (; *at != 0 && strchr("hlLqjzt", *at) != NULL; at++) {
        longs += *at == 'l';
        size |= *at == 'j' || *at == 'z' || *at == 't' || *at == 'q';
        big |= *at == 'L';
        if (n < 24)
            spec[n++] = *at;
    }
    spec[n++] = *at;
    spec[n] = 0;
    switch (*at) {
    case 'd':
    case 'i':
    case 'u':
    case 'x':
    case 'X':
    case 'o':
        if (longs != 0 || size)
            snprintf(number, sizeof number, spec, va_arg(*args, long));
        else
            snprintf(number, sizeof number, spec, va_arg(*args, int));
        put_text(o, number);
        return at + 1;
    case 'c':
        number[0] = (char)va_arg(*args, int);
        put_data(o, number, 1, true);
        return at + 1;
    case 'f':
    case 'F':
    case 'e':
    case 'E':
    case 'g':
    case 'G':
    case 'a':
    case 'A':
        if (big)
            snprintf(number, sizeof number, spec, va_arg(*args, long double));
        else
            snprintf(number, sizeof number, spec, va_arg(*args, double));
        print_plain_radix(number);
        put_text(o, number);
        return at + 1;
    case 's': {
        const char *data = va_arg(*args, const char *);
        if (data == NULL && o->place == ARGUMENT)
            put_text(o, "NULL");
        else if (data != NULL)
            put_data(o, data, precision >= 0 ? strnlen(data, (size_t)precision) : strlen(data), false);
        return longs == 0 ? at + 1 : NULL;
    }
    case 'p':
        snprintf(number, sizeof number, "%p", va_arg(*args, void *));
        put_text(o, number);
        return at + 1;
    default:
        return NULL;
    }
}

/* The same with something in the place of what would come in. */
static const char *sample(struct output *o, const char *at)
{
    at += strspn(at, "-+ #0123456789.*");
    at += strspn(at, "hlLqjzt");
    if (*at == 0 || strchr("diuxXofFeEgGaAcsp", *at) == NULL)
        return NULL;
    if (*at == 'c' || *at == 's')
        put_data(o, "x", 1, *at == 'c');
    else
        put_text(o, "0");
    return at + 1;
}

/* `args` NULL: a sample. */
static bool run(struct output *o, const char *format, va_list *args, char *error, size_t error_room)
{
    bool escaped = false;
    o->buffer[0] = 0;
    for (const char *at = format; *at != 0;) {
        if (*at != '%' || at[1] == '%') {
            bool escapes = *at == '\\' && !escaped;
            put_syntax(o, *at, escaped);
            escaped = escapes;
            at += *at == '%' ? 2 : 1;
            continue;
        }
        const char *end = args != NULL ? directive(o, at + 1, args) : sample(o, at + 1);
        if (end == NULL) {
            snprintf(error, error_room, "\"%.200s\": the directive at character %zu is not one for targets",
                     format, (size_t)(at - format) + 1);
            return false;
        }
        at = end;
    }
    if (o->overrun)
        snprintf(error, error_room, "\"%.200s\": longer than %zu characters", format, o->room - 1);
    return !o->overrun;
}

enum format_result format_target(char *buffer, size_t room, const char *format, va_list args, char *error,
                                 size_t error_room)
{
    struct output o = {.buffer = buffer, .room = room};
    va_list copy;
    va_copy(copy, args);
    bool done = run(&o, format, &copy, error, error_room);
    va_end(copy);
    if (!done && o.overrun && o.place != NAME && memchr(buffer, '(', o.len) != NULL) {
        *(char *)memchr(buffer, '(', o.len) = 0;
        return FORMAT_WHOLE;
    }
    return done ? FORMAT_DONE : FORMAT_WRONG;
}

bool format_sample(char *buffer, size_t room, const char *format, char *error, size_t error_room)
{
    struct output o = {.buffer = buffer, .room = room};
    return run(&o, format, NULL, error, error_room);
}

bool format_name(char *buffer, size_t room, const char *format, va_list args)
{
    int n = vsnprintf(buffer, room, format, args);
    return n >= 0 && (size_t)n < room;
}
