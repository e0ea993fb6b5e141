/*
 * packages.h - what dpkg's status file says: the slow part of rdepends.c, which knows nothing of caching.
 */
#ifndef PACKAGES_H
#define PACKAGES_H

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *status_file = "/var/lib/dpkg/status";

/* A paragraph of the file: the fields that matter, continuation lines joined, reused from one to the next. */
struct text {
    char *bytes;
    size_t length, room;
};

enum field {
    FIELD_PACKAGE,
    FIELD_STATUS,
    FIELD_DEPENDS,
    FIELD_PRE_DEPENDS,
    FIELDS,
};

static const char *const field_names[FIELDS] = {"Package", "Status", "Depends", "Pre-Depends"};

struct paragraph {
    struct text fields[FIELDS];
};

static bool append(struct text *text, const char *bytes, size_t length)
{
    if (text->length + length + 1 > text->room) {
        size_t room = (text->length + length + 1) * 2;
        char *grown = realloc(text->bytes, room);

        if (!grown)
            return false;
        text->bytes = grown;
        text->room = room;
    }
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = '\0';
    return true;
}

static const char *field_of(const struct paragraph *paragraph, enum field field)
{
    return paragraph->fields[field].length ? paragraph->fields[field].bytes : "";
}

/* Which field begins on this line; FIELDS: none that matters. */
static enum field field_that_begins(const char *line, const char *colon)
{
    size_t length = (size_t)(colon - line);
    enum field field = FIELD_PACKAGE;

    while (field < FIELDS &&
           (strlen(field_names[field]) != length || strncasecmp(line, field_names[field], length) != 0))
        field++;
    return field;
}

static size_t trimmed(const char *line, size_t length)
{
    while (length && isspace((unsigned char)line[length - 1]))
        length--;
    return length;
}

/* The next paragraph: 1, at the end of the file 0, -1 with errno when reading failed. */
static int next_paragraph(FILE *file, struct paragraph *paragraph, char **line, size_t *room)
{
    enum field field = FIELDS;
    bool begun = false;
    ssize_t got;

    for (field = FIELD_PACKAGE; field < FIELDS; field++)
        paragraph->fields[field].length = 0;
    while ((got = getline(line, room, file)) >= 0) {
        const char *text = *line;
        size_t length = trimmed(text, (size_t)got);
        const char *colon;

        if (length == 0) {
            if (begun)
                return 1;
            continue;
        }
        begun = true;
        if (*text == ' ' || *text == '\t') { /* goes on with the field before */
            if (field < FIELDS && !append(&paragraph->fields[field], text, length))
                return -1;
            continue;
        }
        colon = memchr(text, ':', length);
        field = colon ? field_that_begins(text, colon) : FIELDS;
        if (field < FIELDS &&
            !append(&paragraph->fields[field], colon + 1, length - (size_t)(colon + 1 - text)))
            return -1;
    }
    if (ferror(file))
        return -1;
    return begun;
}

/* "install ok installed": what is wanted, whether it is in order, what is the case. */
static bool is_installed(const char *status)
{
    char state[32] = "";

    return sscanf(status, "%*s %*s %31s", state) == 1 && strcmp(state, "installed") == 0;
}

/* Does a list such as "libc6 (>= 2.34), perl:any | perl-base" name the package? */
static bool names(const char *relations, const char *package)
{
    size_t wanted = strlen(package);

    for (const char *at = relations; *at; at += strcspn(at, ",|"), at += *at != '\0') {
        size_t length;

        at += strspn(at, " \t");
        length = strcspn(at, " \t,|:([<");
        if (length == wanted && memcmp(at, package, wanted) == 0)
            return true;
    }
    return false;
}

static bool depends_on(const struct paragraph *paragraph, const char *package)
{
    return is_installed(field_of(paragraph, FIELD_STATUS)) &&
           (names(field_of(paragraph, FIELD_DEPENDS), package) ||
            names(field_of(paragraph, FIELD_PRE_DEPENDS), package));
}

static bool any_package(const struct paragraph *paragraph, const char *unused)
{
    (void)unused;
    return is_installed(field_of(paragraph, FIELD_STATUS));
}

/* The names of all packages that are `wanted`, separated by blanks; NULL with errno when that failed. */
static char *packages_that(bool (*wanted)(const struct paragraph *, const char *), const char *package)
{
    FILE *file = fopen(status_file, "re");
    struct paragraph paragraph = {0};
    struct text found = {0};
    struct text last = {0}; /* one package stands there once for each of its architectures */
    char *line = NULL;
    size_t room = 0;
    int got = -1;
    int error;

    if (!file)
        return NULL;
    if (append(&found, "", 0) && append(&last, "", 0)) {
        while ((got = next_paragraph(file, &paragraph, &line, &room)) > 0) {
            const char *name = field_of(&paragraph, FIELD_PACKAGE);

            name += strspn(name, " \t");
            if (!*name || !wanted(&paragraph, package) || strcmp(name, last.bytes) == 0)
                continue;
            last.length = 0;
            if (!append(&last, name, strlen(name)) || (found.length && !append(&found, " ", 1)) ||
                !append(&found, name, strlen(name))) {
                got = -1;
                break;
            }
        }
    }
    error = errno;
    if (got < 0) {
        free(found.bytes);
        found.bytes = NULL;
    }
    for (enum field field = FIELD_PACKAGE; field < FIELDS; field++)
        free(paragraph.fields[field].bytes);
    free(last.bytes);
    free(line);
    fclose(file);
    errno = error;
    return found.bytes;
}

#endif
