/*
 * scan.h - words and signs of a declaration, and where they stand.
 */
#ifndef SWRCTL_SCAN_H
#define SWRCTL_SCAN_H

#include "declaration.h"

struct scan {
    const char *text; /* all of it */
    const char *at;   /* the token in hand: `len` bytes, 0 at the end */
    size_t len;
    struct declaration_error *error;
};

void scan_start(struct scan *s, const char *text, struct declaration_error *error);
void scan_next(struct scan *s);
bool scan_is(const struct scan *s, const char *token);
bool scan_is_word(const struct scan *s);
/* Takes the token if it is this one. */
bool scan_take(struct scan *s, const char *token);
/* Copies the word in hand and goes on; false with the error set: none there, or longer than `room`. */
bool scan_word(struct scan *s, const char *what, char *to, size_t room);

/* Sets the error at the token in hand; always false. */
bool scan_fail(struct scan *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* At a place kept from before. */
bool scan_fail_at(struct scan *s, const char *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* How the token in hand is shown in an error. */
#define SCAN_SHOWN(s) (int)((s)->len < 40 ? (s)->len : 40), (s)->at
/* The same of what is missing there: " before 'token'", or " at the end". */
bool scan_missing(struct scan *s, const char *what);

#endif
