#include "format.h"
#include "core/key.h"
#include "core/print.h"
#include "base/os.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* PLAIN: all of it a name by itself, nothing escaped. */
enum place { NAME, ARGUMENT, QUOTED, QUOTED_CHAR, PLAIN };

struct output {
    char *buffer;
    size_t room, len;
    enum place place;
    bool named;    /* region:, tag:, event: a name to its end */
    size_t opened; /* where the last quote was */
    bool overrun;
    char *scratch; /* not on the stack: a thread may have little of it */
};

enum { SCRATCH = 4200 };

/* What stands between a % and its letter. */
struct directive {
    char spec[64]; /* for snprintf(): widths and precisions filled in */
    size_t len;
    int width, precision; /* precision -1: none */
    bool left, wide, big; /* wide: of a long's size */
    bool alien;           /* %ls, %lc */
    char letter;
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
    if (escaped || o->named || o->place == PLAIN)
        return;
    if (o->place == NAME) {
        o->named = c == ':';
        o->place = c == '(' ? ARGUMENT : NAME;
    } else if (c == '"' && o->place != QUOTED_CHAR) {
        o->place = o->place == QUOTED ? ARGUMENT : QUOTED;
        o->opened = o->len;
    } else if (c == '\'' && o->place != QUOTED) {
        o->place = o->place == QUOTED_CHAR ? ARGUMENT : QUOTED_CHAR;
    }
}

/* The inside of what print.h makes of it, stars and question marks escaped. */
static void put_quoted(struct output *o, const char *data, size_t len, bool character)
{
    char *printed = o->scratch;
    struct print p;
    print_start(&p, printed, SCRATCH);
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

static void put_raw(struct output *o, const char *data, size_t len, bool character)
{
    if (o->place == QUOTED || o->place == QUOTED_CHAR) {
        put_quoted(o, data, len, o->place == QUOTED_CHAR);
    } else if (o->place == ARGUMENT) {
        put(o, character ? '\'' : '"');
        put_quoted(o, data, len, character);
        put(o, character ? '\'' : '"');
    } else {
        for (size_t i = 0; i < len; i++) {
            bool safe = o->place == PLAIN || isalnum((unsigned char)data[i]) || data[i] == '_';
            /* The first of all: a function's name then, even if it is a word of the language. */
            if (!safe || (o->place == NAME && o->len == 0))
                put(o, '\\');
            put(o, data[i]);
        }
    }
}

/* As wide as the format wants it: the blanks are data too. */
static void put_data(struct output *o, const char *data, size_t len, const struct directive *d)
{
    bool character = d->letter == 'c';
    size_t wanted = d->width > 0 ? (size_t)d->width : 0;
    if (len >= wanted) {
        put_raw(o, data, len, character);
    } else if (wanted >= o->room) {
        o->overrun = true;
    } else {
        char *padded = os_alloc(wanted);
        if (padded == NULL) {
            o->overrun = true;
            return;
        }
        memset(padded, ' ', wanted);
        memcpy(padded + (d->left ? 0 : wanted - len), data, len);
        put_raw(o, padded, wanted, character);
        os_free(padded);
    }
}

static int number_in(const char **at, va_list *args)
{
    int n = 0;
    if (**at == '*') {
        ++*at;
        return args != NULL ? va_arg(*args, int) : 0;
    }
    for (; isdigit((unsigned char)**at) && n < 100000; ++*at)
        n = n * 10 + (**at - '0');
    return n;
}

/* From after the % to after the letter, or NULL. `args` NULL: a sample's. */
static const char *read_directive(struct directive *d, const char *at, va_list *args)
{
    *d = (struct directive){.spec = "%", .len = 1, .precision = -1};
    for (; *at != 0 && strchr("-+ #0", *at) != NULL; at++) {
        d->left |= *at == '-';
        if (strchr(d->spec, *at) == NULL)
            d->spec[d->len++] = *at;
    }
    d->width = number_in(&at, args);
    if (d->width < 0) {
        d->left = true;
        d->width = d->width < -100000 ? 100000 : -d->width;
        d->spec[d->len++] = '-';
    }
    if (*at == '.') {
        at++;
        d->precision = number_in(&at, args);
    }
    if (d->width != 0)
        d->len += (size_t)sprintf(d->spec + d->len, "%d", d->width);
    if (d->precision >= 0)
        d->len += (size_t)sprintf(d->spec + d->len, ".%d", d->precision);
    for (; *at != 0 && strchr("hlLqjzt", *at) != NULL; at++) {
        d->wide |= strchr("lqjzt", *at) != NULL;
        d->alien |= *at == 'l';
        d->big |= *at == 'L';
        if (d->len < sizeof d->spec - 2)
            d->spec[d->len++] = *at;
    }
    d->letter = *at;
    d->spec[d->len] = *at;
    d->alien &= *at == 'c' || *at == 's';
    return *at == 0 || strchr("diuxXofFeEgGaAcsp", *at) == NULL || d->alien ? NULL : at + 1;
}

/* A text that is none: the value NULL where it is all of an argument, else what printf makes of it. */
static const char *put_null(struct output *o, const char *end, const struct directive *d)
{
    if (o->place == ARGUMENT) {
        put_text(o, "NULL");
    } else if (o->place == QUOTED && o->opened == o->len && *end == '"' && o->len != 0) {
        o->len--;
        o->place = ARGUMENT;
        put_text(o, "NULL");
        end++;
    } else {
        put_data(o, "(null)", 6, d);
    }
    return end;
}

/*
 * A number with a point that is all of an argument, in so many digits as it takes to mean that number: %f
 * makes 0.333333 of a third, which is no key there is. Who writes a precision wants it.
 */
static bool exact(const struct output *o, const struct directive *d, const char *end)
{
    return o->place == ARGUMENT && d->precision < 0 && strchr("fFeEgG", d->letter) != NULL &&
           (*end == ',' || *end == ')');
}

static void put_exact(struct output *o, const void *number, uint32_t size)
{
    const struct swrcache_param as = {.cls = SWRCACHE_CLASS_FLOAT, .size = size};
    char text[64];
    struct print p;
    print_start(&p, text, sizeof text);
    print_scalar(&p, as.cls, number, key_value_size(&as));
    put_text(o, text);
}

/* One directive from after its %; where it ends, or NULL. `args` moves on; NULL: an x for a text, 0. */
static const char *directive(struct output *o, const char *at, va_list *args)
{
    struct directive d;
    char *number = o->scratch, character;
    const char *end = read_directive(&d, at, args), *data;
    int n;
    if (end == NULL)
        return NULL;
    if (d.letter == 'c' || d.letter == 's') {
        if (d.letter == 'c' && args != NULL)
            character = (char)va_arg(*args, int);
        data = args == NULL ? "x" : d.letter == 'c' ? &character : va_arg(*args, const char *);
        if (data == NULL)
            return put_null(o, end, &d);
        put_data(o, data,
                 d.letter == 'c'    ? 1
                 : d.precision >= 0 ? strnlen(data, (size_t)d.precision)
                                    : strlen(data),
                 &d);
        return end;
    }
    if (args == NULL)
        n = snprintf(number, SCRATCH, "0");
    else if (d.letter == 'p')
        n = snprintf(number, SCRATCH, "%p", va_arg(*args, void *));
    else if (strchr("diuxXo", d.letter) != NULL)
        n = d.wide ? snprintf(number, SCRATCH, d.spec, va_arg(*args, long))
                   : snprintf(number, SCRATCH, d.spec, va_arg(*args, int));
    else if (exact(o, &d, end)) {
        if (d.big)
            put_exact(o, &(long double){va_arg(*args, long double)}, sizeof(long double));
        else
            put_exact(o, &(double){va_arg(*args, double)}, sizeof(double));
        return end;
    } else
        n = d.big ? snprintf(number, SCRATCH, d.spec, va_arg(*args, long double))
                  : snprintf(number, SCRATCH, d.spec, va_arg(*args, double));
    if (n < 0 || (size_t)n >= SCRATCH)
        o->overrun = true;
    if (strchr("fFeEgGaA", d.letter) != NULL)
        print_plain_radix(number);
    put_text(o, number);
    return end;
}

/* `args` NULL: a sample. */
static bool run_with_scratch(struct output *o, const char *format, va_list *args, char *error,
                             size_t error_room)
{
    bool escaped = false;
    if (format == NULL) {
        snprintf(error, error_room, "NULL names nothing: write a target such as \"region:shop\"");
        return false;
    }
    for (const char *at = format; *at != 0;) {
        if (*at != '%' || at[1] == '%') {
            bool escapes = *at == '\\' && !escaped;
            put_syntax(o, *at, escaped);
            escaped = escapes;
            at += *at == '%' ? 2 : 1;
            continue;
        }
        const char *end = directive(o, at + 1, args);
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

static bool run(struct output *o, const char *format, va_list *args, char *error, size_t error_room)
{
    o->buffer[0] = 0;
    o->scratch = os_alloc(SCRATCH);
    if (o->scratch == NULL) {
        snprintf(error, error_room, "no memory");
        return false;
    }
    bool done = run_with_scratch(o, format, args, error, error_room);
    os_free(o->scratch);
    return done;
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
    return done ? FORMAT_DONE : o.scratch == NULL ? FORMAT_NO_MEMORY : FORMAT_WRONG;
}

bool format_sample(char *buffer, size_t room, const char *format, char *error, size_t error_room)
{
    struct output o = {.buffer = buffer, .room = room};
    return run(&o, format, NULL, error, error_room);
}

bool format_name(char *buffer, size_t room, const char *format, va_list args, char *error, size_t error_room)
{
    struct output o = {.buffer = buffer, .room = room, .place = PLAIN};
    va_list copy;
    va_copy(copy, args);
    bool done = run(&o, format, &copy, error, error_room);
    va_end(copy);
    return done;
}
