#define _GNU_SOURCE
#include "text.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_NO_MEMORY = 1 };

void *text_need(void *memory)
{
    if (memory == NULL) {
        fputs("swrctl: no memory\n", stderr);
        exit(EXIT_NO_MEMORY);
    }
    return memory;
}

/* The character that begins here, and in *len how many bytes it has; UINT32_MAX: no UTF-8, one byte. */
static uint32_t character(const char *text, size_t *len)
{
    const unsigned char *s = (const unsigned char *)text;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t c = s[0];
    size_t n = c < 0x80                ? 1
               : c >= 0xC2 && c < 0xE0 ? 2
               : c >= 0xE0 && c < 0xF0 ? 3
               : c >= 0xF0 && c < 0xF5 ? 4
                                       : 0;
    *len = 1;
    if (n < 2)
        return n == 1 ? c : UINT32_MAX;
    c &= 0xFFu >> (n + 1);
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xC0) != 0x80)
            return UINT32_MAX;
        c = c << 6 | (s[i] & 0x3F);
    }
    if (c < least[n] || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000))
        return UINT32_MAX;
    *len = n;
    return c;
}

/* What a terminal obeys, or by which a reader takes one text for another. */
static bool obeyed(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x061C || c == 0x200E || c == 0x200F ||
           (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF ||
           (c >= 0xFFF9 && c <= 0xFFFB) || (c >= 0xE0000 && c <= 0xE007F);
}

/* A terminal that reads single bytes obeys some within characters. Where no locale is chosen it is one of
 * UTF-8, as nearly all are. */
static bool reads_bytes(void)
{
    static int known = -1;
    if (known < 0) {
        setlocale(LC_CTYPE, "");
        const char *set = nl_langinfo(CODESET);
        known = strcmp(set, "UTF-8") != 0 && strcmp(set, "ANSI_X3.4-1968") != 0;
    }
    return known != 0;
}

char *text_shown(const char *text)
{
    char *shown = text_need(malloc(4 * strlen(text) + 1)), *to = shown;
    for (size_t len; *text != 0; text += len) {
        uint32_t c = character(text, &len);
        if (c == UINT32_MAX || (c >= 0x80 && reads_bytes())) {
            len = 1;
            to += sprintf(to, "\\x%02x", (unsigned char)*text);
        } else if (obeyed(c)) {
            *to++ = '?';
        } else {
            to = mempcpy(to, text, len);
        }
    }
    *to = 0;
    return shown;
}

int text_width(const char *shown)
{
    int n = 0;
    for (; *shown != 0; shown++)
        n += ((unsigned char)*shown & 0xC0) != 0x80;
    return n;
}

char *text_utf8(const char *text)
{
    char *whole = text_need(malloc(4 * strlen(text) + 1)), *to = whole;
    for (size_t len; *text != 0; text += len)
        if (character(text, &len) == UINT32_MAX)
            to += sprintf(to, "\\x%02x", (unsigned char)*text);
        else
            to = mempcpy(to, text, len);
    *to = 0;
    return whole;
}

char *text_word(const char *text)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+./:@%,=";
    bool odd = false;
    if (text[0] != 0 && text[0] != '=' && text[strspn(text, plain)] == 0)
        return text_need(strdup(text));
    for (size_t at = 0, len; text[at] != 0; at += len) {
        uint32_t c = character(text + at, &len);
        odd |= c == UINT32_MAX || obeyed(c) || (c >= 0x80 && reads_bytes());
    }
    char *word = text_need(malloc(4 * strlen(text) + 4)), *to = stpcpy(word, odd ? "$'" : "'");
    for (size_t len; *text != 0; text += len) {
        uint32_t c = character(text, &len);
        if (!odd && c == '\'') {
            to = stpcpy(to, "'\\''");
        } else if (!odd) {
            to = mempcpy(to, text, len);
        } else if (c == '\'' || c == '\\') {
            *to++ = '\\';
            *to++ = (char)c;
        } else if (c == UINT32_MAX || obeyed(c) || c >= 0x80) {
            /* Three octal digits: a digit that follows is none of them. */
            len = 1;
            to += sprintf(to, "\\%03o", (unsigned char)*text);
        } else {
            *to++ = (char)c;
        }
    }
    strcpy(to, "'");
    return word;
}

void text_json(FILE *out, const char *json)
{
    for (size_t len; *json != 0; json += len) {
        uint32_t c = character(json, &len);
        if (c < 0x20 || (c != UINT32_MAX && c < 0x10000 && (obeyed(c) || (c >= 0x80 && reads_bytes()))))
            fprintf(out, "\\u%04x", c);
        else if (c != UINT32_MAX && c >= 0x10000 && (obeyed(c) || reads_bytes()))
            fprintf(out, "\\u%04x\\u%04x", 0xD800 + ((c - 0x10000) >> 10), 0xDC00 + ((c - 0x10000) & 0x3FF));
        else
            fwrite(json, 1, len, out);
    }
    fputc('\n', out);
}

struct conversion {
    char spec[40]; /* of one that is no text */
    bool left;
    int width, precision; /* precision -1: none */
};

/* The flags, width and precision behind a %, and the length; *format stands at the letter then. */
static char conversion_of(const char **format, struct conversion *c, va_list *args)
{
    const char *at = *format;
    char length = 0;
    size_t n = 0;
    *c = (struct conversion){.precision = -1};
    c->spec[n++] = '%';
    for (; *at != 0 && strchr("-+ #0", *at) != NULL && n < 8; at++) {
        c->left |= *at == '-';
        c->spec[n++] = *at;
    }
    if (*at == '*') {
        c->width = va_arg(*args, int);
        at++;
    } else {
        while (*at >= '0' && *at <= '9')
            c->width = c->width * 10 + (*at++ - '0');
    }
    if (*at == '.') {
        c->precision = 0;
        if (*++at == '*') {
            c->precision = va_arg(*args, int);
            at++;
        } else {
            while (*at >= '0' && *at <= '9')
                c->precision = c->precision * 10 + (*at++ - '0');
        }
    }
    if (c->precision >= 0)
        n += (size_t)sprintf(c->spec + n, "%d.%d", c->width, c->precision);
    else if (c->width != 0)
        n += (size_t)sprintf(c->spec + n, "%d", c->width);
    for (; *at == 'l' || *at == 'z'; at++) {
        length = *at == 'z' ? 'z' : length == 'l' ? 'L' : 'l';
        c->spec[n++] = *at;
    }
    c->spec[n++] = *at;
    *format = at;
    return length;
}

static int print_text(FILE *out, const struct conversion *c, const char *text)
{
    char *cut = text == NULL        ? strdup("(null)")
                : c->precision >= 0 ? strndup(text, (size_t)c->precision)
                                    : strdup(text);
    char *shown = text_shown(text_need(cut));
    int n = text_width(shown), blanks = c->width > n ? c->width - n : 0;
    if (!c->left)
        fprintf(out, "%*s", blanks, "");
    fputs(shown, out);
    if (c->left)
        fprintf(out, "%*s", blanks, "");
    free(cut);
    free(shown);
    return n + blanks;
}

int text_vprint(FILE *out, const char *format, va_list *args)
{
    int n = 0;
    for (; *format != 0; format++) {
        struct conversion c;
        if (*format != '%') {
            fputc(*format, out);
            n++;
            continue;
        }
        format++;
        char length = conversion_of(&format, &c, args);
        switch (*format) {
        case '%':
            fputc('%', out);
            n++;
            break;
        case 's':
            n += print_text(out, &c, va_arg(*args, const char *));
            break;
        case 'f':
            n += fprintf(out, c.spec, va_arg(*args, double));
            break;
        default:
            if (length == 'L')
                n += fprintf(out, c.spec, va_arg(*args, unsigned long long));
            else if (length == 'l' || length == 'z')
                n += fprintf(out, c.spec, va_arg(*args, unsigned long));
            else
                n += fprintf(out, c.spec, va_arg(*args, unsigned int));
        }
    }
    return n;
}

int text_print(FILE *out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = text_vprint(out, format, &args);
    va_end(args);
    return n;
}

void tell(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("swrctl: ", stderr);
    text_vprint(stderr, format, &args);
    fputc('\n', stderr);
    va_end(args);
}

bool text_written(void)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout) && fclose(stdout) == 0)
        return true;
    tell("standard output: %s", errno != 0 ? strerror(errno) : "not all could be written");
    return false;
}
