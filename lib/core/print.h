/*
 * print.h - keys and values as C text: quote("ACME", 3).
 *
 *   VAL      3, 2.5, -0, nan, true, 'x', 0x1f00, x"0a0b" for what has no better form
 *   STR      "text" with C escapes (octal); NULL; of a key \* for a *, which in a target is any text
 *   BYTES    x"0a0b"; NULL
 *   STRUCT   {sym="x", n=3}; NULL
 *   OPAQUE, OUT  _     OUT_BYTES  _[16]
 *
 * The buffer is bounded and always terminated; what does not fit is cut between characters and ends in "...".
 */
#ifndef CORE_PRINT_H
#define CORE_PRINT_H

#include "key.h"

struct print {
    char *buffer;
    size_t room, len; /* room: at least 4 */
    bool cut;
    bool target; /* what is printed is to be a target as it stands */
};

void print_start(struct print *p, char *buffer, size_t room);
void print_text(struct print *p, const char *text);
/* Quoted and escaped. */
void print_string(struct print *p, const unsigned char *bytes, size_t len);
void print_scalar(struct print *p, uint32_t cls, const unsigned char *bytes, size_t len);
/* Bytes of the first character of what was printed: an escape, or the character as it is. At least 1. */
size_t print_unit(const char *text);
/* A number's decimal point as it is written everywhere, whatever the program's locale made of it. */
void print_plain_radix(char *number);
/* Up to 8 bytes as a number. */
uint64_t print_unsigned(const unsigned char *bytes, size_t len);
void print_argument(struct print *p, const struct key_cursor *c);
/* `secret`: three stars for the arguments. */
void print_key(struct print *p, const char *name, const struct key_shape *shape, const struct key *key,
               bool secret);
/*
 * A stored value: 68, "text", void, NULL, <type>, and the out-parameters that stand before it in memory:
 * 68 {half=2, text=x"0a0b"}. `null`: a NULL string or object.
 */
void print_value(struct print *p, const struct swrcache_site *site, const struct key_shape *shape,
                 const struct key *key, const unsigned char *value, size_t len, bool null);

#endif
