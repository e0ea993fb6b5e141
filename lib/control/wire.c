#include "wire.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void put(struct wire_buffer *b, const char *text, size_t len)
{
    if (b->full)
        return;
    if (b->len + len + 1 > b->room) {
        size_t room = b->room != 0 ? b->room : 1024;
        while (room < b->len + len + 1)
            room *= 2;
        if (room > b->max)
            room = b->max;
        char *data = room < b->len + len + 1 ? NULL : b->grow(b->data, room);
        if (data == NULL) {
            b->full = true;
            return;
        }
        b->data = data;
        b->room = room;
    }
    memcpy(b->data + b->len, text, len);
    b->len += len;
}

void wire_text(struct wire_buffer *b, const char *text)
{
    put(b, text, strlen(text));
}

void wire_field(struct wire_buffer *b, const char *name, const char *value)
{
    if (b->len != b->record)
        put(b, " ", 1);
    wire_text(b, name);
    put(b, "=", 1);
    for (const unsigned char *s = (const unsigned char *)value; *s != 0; s++) {
        char text[8];
        if (*s == ' ')
            put(b, "\\s", 2);
        else if (*s == '\n')
            put(b, "\\n", 2);
        else if (*s == '\t')
            put(b, "\\t", 2);
        else if (*s == '\\')
            put(b, "\\\\", 2);
        else if (*s < 0x20 || *s == 0x7F) {
            snprintf(text, sizeof text, "\\x%02x", *s);
            put(b, text, 4);
        } else
            put(b, (const char *)s, 1);
    }
}

void wire_number(struct wire_buffer *b, const char *name, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    wire_field(b, name, text);
}

bool wire_end(struct wire_buffer *b)
{
    put(b, "\n", 1);
    bool fits = !b->full;
    if (!fits)
        b->len = b->record;
    b->full = false;
    b->record = b->len;
    return fits;
}

static int hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static bool unescape(char *s)
{
    char *to = s;
    for (; *s != 0; s++) {
        if (*s != '\\') {
            *to++ = *s;
            continue;
        }
        switch (*++s) {
        case 's':
            *to++ = ' ';
            break;
        case 'n':
            *to++ = '\n';
            break;
        case 't':
            *to++ = '\t';
            break;
        case '\\':
            *to++ = '\\';
            break;
        case 'x':
            if (hex(s[1]) < 0 || hex(s[2]) < 0 || (s[1] == '0' && s[2] == '0'))
                return false;
            *to++ = (char)(hex(s[1]) << 4 | hex(s[2]));
            s += 2;
            break;
        default:
            return false;
        }
    }
    *to = 0;
    return true;
}

bool wire_parse(struct wire_line *line, char *text, const char **why)
{
    char *next = text;
    line->verb = line->rest = NULL;
    line->nfields = 0;
    if (strncmp(text, "error ", 6) == 0) {
        text[5] = 0;
        line->verb = text;
        line->rest = text + 6;
        return true;
    }
    while (next != NULL) {
        char *word = next, *equal;
        next = strchr(word, ' ');
        if (next != NULL)
            *next++ = 0;
        if (*word == 0)
            continue;
        equal = strchr(word, '=');
        if (equal == NULL) {
            if (line->verb != NULL || line->nfields != 0) {
                *why = "a word without =; write command field=value, blanks in values as \\s";
                return false;
            }
            line->verb = word;
            continue;
        }
        *equal = 0;
        if (line->nfields == WIRE_FIELDS_MAX) {
            *why = "too many fields; at most 64";
            return false;
        }
        if (!unescape(equal + 1)) {
            *why = "an unknown escape; use \\s \\n \\t \\\\ or \\xHH";
            return false;
        }
        line->fields[line->nfields++] = (struct wire_field){word, equal + 1};
    }
    return true;
}

const char *wire_get(const struct wire_line *line, const char *name)
{
    for (uint32_t i = 0; i < line->nfields; i++)
        if (strcmp(line->fields[i].name, name) == 0)
            return line->fields[i].value;
    return NULL;
}

enum wire_directory wire_directory(char *path, size_t room, const struct wire_said *said, unsigned n)
{
    uid_t user = geteuid();
    bool chosen = said->chosen != NULL && said->chosen[0] != 0;
    bool runtime = said->runtime != NULL && said->runtime[0] == '/';
    int len;
    if (chosen && n-- == 0)
        len = snprintf(path, room, "%s", said->chosen);
    else if (runtime && n-- == 0)
        len = snprintf(path, room, "%s/swrcache", said->runtime);
    else if (user == 0 && n-- == 0)
        len = snprintf(path, room, "/run/swrcache");
    else if (n == 0)
        len = snprintf(path, room, "/tmp/swrcache-%u", (unsigned int)user);
    else
        return WIRE_NO_MORE;
    while (len > 1 && (size_t)len < room && path[len - 1] == '/')
        path[--len] = 0;
    return len > 0 && (size_t)len < room && path[0] == '/' ? WIRE_DIRECTORY : WIRE_TOO_LONG;
}
