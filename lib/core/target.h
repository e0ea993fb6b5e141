/*
 * target.h - which entries a verb means: all, quote, quote("ACME", 3), quote("AC*", >=30), region:shop.stock,
 * tag:user:42, event:user.saved. After region:, tag: and event: a backslash makes the next character stand
 * for itself.
 *
 * Each argument is compared with that argument as print.h prints it: `*` stands for any text, `?` for any
 * character where the argument has a `*` too, be it of several bytes or printed as `\n` or `\377`, `\*` and
 * `\?` for themselves; numbers are equal in any spelling, but 0 and -0 are two; of rounded ones each means
 * what a call with it looks for. Of numbers, those in keys, >=, <=, > and < may be asked,
 * != of anything; of bytes, printed as x"0a0b", also "text". Out- and opaque parameters are written `_` or
 * left out, all of them.
 */
#ifndef CORE_TARGET_H
#define CORE_TARGET_H

#include "key.h"

enum target_kind { TARGET_ALL, TARGET_FUNCTION, TARGET_CALL, TARGET_REGION, TARGET_TAG, TARGET_EVENT };

/* A name of a region or an event is so long at the most: each of its characters may need a backslash. */
enum { TARGET_TEXT_MAX = 4096, TARGET_NAME_MAX = TARGET_TEXT_MAX / 2 - 16 };

struct target {
    enum target_kind kind;
    const char *name; /* into text */
    uint32_t nargs;
    const char *args[KEY_MAX_PARAMS]; /* into text */
    char text[TARGET_TEXT_MAX];
};

/* False: `error` says where it went wrong and what to write. */
bool target_parse(struct target *t, const char *text, char *error, size_t room);
/*
 * Whether the arguments can be meant for the function called t->name: as many as it has parameters, and none
 * that no argument of that type could match. Else `error` says which, and what to write.
 */
bool target_fits(const struct target *t, const struct key_shape *shape, char *error, size_t room);
/* For a target that fits. */
bool target_matches(const struct target *t, const struct key_shape *shape, const struct key *key);
/* How many arguments match, and the first parameter that does not (nparams: none). */
uint32_t target_likeness(const struct target *t, const struct key_shape *shape, const struct key *key,
                         uint32_t *differs);
/* The pattern meant for parameter `i`; NULL: left out. */
const char *target_argument(const struct target *t, const struct key_shape *shape, uint32_t i);

/* `text` is printed, as print.h does it; neither sign stands for a part of a printed character. */
bool target_glob(const char *pattern, const char *text);
/* A * that is not escaped. */
bool target_starred(const char *pattern);
/* With a point whatever the locale; false: it is none. */
bool target_number(const char *text, long double *number);
/* No part of the key. */
bool target_silent(const struct swrcache_param *p);

enum target_sign {
    TARGET_EQUAL, /* none of the others */
    TARGET_AT_LEAST,
    TARGET_AT_MOST,
    TARGET_NOT,
    TARGET_ABOVE,
    TARGET_BELOW,
};
/* *operand: what stands behind it. */
enum target_sign target_sign(const char *pattern, const char **operand);

#endif
