/*
 * declaration.h - what a user says of a function of somebody else's program:
 *
 *   double price(str symbol, i32 days) ttl=20s stale=40s lib=libprice.so
 *
 *   declaration = result name "(" [ parameter { "," parameter } ] ")" { attribute }
 *   result      = "void" | scalar | "str" (the caller frees it) | "cstr", in C `const char *` (it must not)
 *   parameter   = [ "out" ] type [ name ]
 *   type        = scalar | "str" | "opaque" | "bytes[" parameter-or-number "]"
 *   scalar      = i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 bool, or C's words for them (type.def)
 *   attribute   = word "=" value, value in "..." if it has blanks (swrcache-config(5))
 *
 * What cannot be described is refused, never guessed; what must not be wrapped is refused with the reason.
 */
#ifndef SWRCTL_DECLARATION_H
#define SWRCTL_DECLARATION_H

#include <stdbool.h>
#include <stddef.h>

#include <swrcache/abi.h>

enum { DECLARATION_PARAMS = 24 };

enum declared_result { DECLARED_VOID, DECLARED_SCALAR, DECLARED_STR, DECLARED_CSTR };

struct declared_param {
    char name[64];
    const char *type; /* "i32"; "" for STR, BYTES, OUT_BYTES */
    uint32_t kind;    /* enum swrcache_kind */
    uint32_t cls;     /* enum swrcache_class of a VAL or OUT */
    uint32_t size;    /* as in struct swrcache_param */
    int length;       /* BYTES, OUT_BYTES: which parameter says how many; -1: it is `fixed` */
    uint32_t fixed;
    bool spelt_in_c; /* STR: as `const char *`, which says less */
};

struct declaration {
    char name[128];
    enum declared_result result;
    const char *result_type;
    uint32_t result_cls, result_size; /* DECLARED_SCALAR */
    uint32_t nparams;
    struct declared_param params[DECLARATION_PARAMS];
    struct swrcache_policy policy; /* its strings are `region` and `tags` below, by declaration_policy() */
    char library[256], version[64], from[128], region[128], tags[256], invalidate_on[256],
        expire_on[256]; /* "": not said */
    unsigned said;      /* which attributes, a bit each */
};

struct declaration_error {
    size_t column; /* bytes before the place in the text that was given */
    char text[320];
};

/* A whole line: prototype and attributes. */
bool declaration_parse(const char *text, struct declaration *d, struct declaration_error *error);

/* The same in pieces, for configuration files: prototype first, attributes in any order, then the check of
 * all. */
bool declaration_prototype(const char *text, struct declaration *d, struct declaration_error *error);
bool declaration_attribute(const char *name, const char *value, struct declaration *d,
                           struct declaration_error *error);
/* Of a region, or of a function that the program itself has cached: settings and events alone. */
bool declaration_setting(const char *name, const char *value, struct declaration *d,
                         struct declaration_error *error);
bool declaration_check(const struct declaration *d, struct declaration_error *error);

/* Letters, digits, _ and -, of a region between dots. */
bool declaration_name(const char *name, bool region);
#define DECLARATION_REGION "a region's name is letters, digits, _ and - between dots"

/* The prototype as it would be written, "double price(str symbol, i32 days)"; false: it does not fit. */
bool declaration_text(const struct declaration *d, char *text, size_t room);

/* The same function, the same signature? Two rules of one function differ in `from` alone. */
bool declaration_same(const struct declaration *a, const struct declaration *b);

/* Why a function of this name must not be wrapped; NULL: it may. */
const char *declaration_forbidden(const char *name);

#endif
