/*
 * text.h - text of others on its way to a terminal, which would obey some of it. All that the tool prints
 * goes through here: a line of words, an answer in JSON, a command line that is offered for pasting.
 *
 * Shown as a question mark: control characters (C0, DEL, C1), and what turns or hides the text after it (bidi
 * overrides, line separators, tags). Shown as \xHH: a byte that is no UTF-8, among them C1 as one byte.
 */
#ifndef SWRCTL_TEXT_H
#define SWRCTL_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * As fprintf(3), of the conversions d i u x c f s and their usual flags; what a %s brings is shown as above,
 * what the format itself says stays as it is. How many characters a terminal shows.
 */
int text_print(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
int text_vprint(FILE *out, const char *format, va_list *args);
/* One line on standard error, "swrctl: " before it. */
void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The tool ends: without memory nothing true can be said. */
void *text_need(void *memory);

/* Malloc'ed, as it is shown. */
char *text_shown(const char *text);
/* How many characters of it a terminal shows; it is one of text_shown(). */
int text_width(const char *shown);
/* Malloc'ed: one word that a POSIX shell takes for this text; where it has what is not shown, for bash, ksh
 * and zsh, as $'\x1b'. What is pasted does no more than it shows. */
char *text_word(const char *text);

/* Malloc'ed: the same with each byte that is no UTF-8 as \xHH; control characters stay, for JSON escapes
 * them. */
char *text_utf8(const char *text);
/* One line of JSON, as jansson(3) makes it, with what a terminal would obey as \uHHHH. */
void text_json(FILE *out, const char *json);

/* Everything that was printed is where it was to go; false: told. At the end of each run. */
bool text_written(void);

#endif
