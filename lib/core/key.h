/*
 * key.h - the encoded arguments of one call, and back.
 *
 * Layout, one argument after the other, no padding:
 *   VAL        its bytes (long double: the ten that count)
 *   STR        u64 length, the characters, a NUL; a NULL string: u64 UINT64_MAX alone
 *   BYTES      u64 length, the bytes; NULL: u64 UINT64_MAX alone
 *   STRUCT     u8 1 and the named fields, their padding zero; NULL: u8 0 alone
 *   OUT_BYTES  u64 room
 *   OPAQUE, OUT: nothing
 * A version, where the policy has one, stands before them as i64. Two different argument lists never encode
 * alike. The hash (hash.h) only finds a key; equality is of the bytes.
 */
#ifndef CORE_KEY_H
#define CORE_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bits.h"
#include "base/bytes.h"
#include "swrcache/abi.h"

struct key {
    uint64_t hash;
    size_t len;
    const unsigned char *bytes;
};

enum { KEY_MAX_PARAMS = 24, KEY_TOO_LONG = -1, KEY_DOUBTFUL = -2, KEY_TEXT_EXTRA = 9 };

/* More bytes no key, value or part of them has. */
enum { KEY_MOST = INT32_MAX };

/* Keys that a call need not encode to look them up. */
enum key_plain {
    KEY_OF_MANY,
    KEY_OF_WORD, /* one VAL of 8 bytes, no version: the key is the argument */
    KEY_OF_HALF, /* the same, of 4 */
    KEY_OF_TEXT, /* one STR, no version: hashed by its characters alone */
};

/* What a function's keys look like; computed once from its site. */
struct key_shape {
    const struct swrcache_param *params;
    uint32_t nparams;
    enum key_plain plain;
    bool versioned;
    int64_t version;
    int64_t (*version_of)(void); /* asked instead; NULL: none */
    uint64_t seed;               /* of the process and the function */
    const struct bits *bits;     /* of the types of the parameters; NULL: nothing is known */
};

void key_shape_of(struct key_shape *shape, const struct swrcache_site *site, uint64_t seed);

/* Of a VAL: the bytes that count. */
size_t key_value_size(const struct swrcache_param *p);

/*
 * Bytes the key of `args` takes. KEY_DOUBTFUL: a negative length, NULL with a length, NULL out. KEY_TOO_LONG:
 * more than KEY_MOST, or an out-argument is.
 */
ptrdiff_t key_size(const struct key_shape *shape, const struct swrcache_arg *args);
/*
 * Writes it to `buffer` and gives its length. KEY_TOO_LONG: it does not fit into `room`. KEY_DOUBTFUL: the
 * same as above, or the arguments changed meanwhile.
 */
ptrdiff_t key_encode(const struct key_shape *shape, const struct swrcache_arg *args, unsigned char *buffer,
                     size_t room);
/* The same to look a key up, not to keep it: texts that changed meanwhile are not noticed. */
ptrdiff_t key_encode_seen(const struct key_shape *shape, const struct swrcache_arg *args,
                          unsigned char *buffer, size_t room);
uint64_t key_hash(const struct key_shape *shape, const unsigned char *bytes, size_t len);

/* A key too long for the caller's stack is hashed, and compared with an encoded one, piece by piece. */
uint64_t key_hash_args(const struct key_shape *shape, const struct swrcache_arg *args);
bool key_same_args(const struct key_shape *shape, const struct swrcache_arg *args, const unsigned char *bytes,
                   size_t len);

/* Of any bytes, the same in every process. */
uint64_t key_digest(const void *bytes, size_t len);
/*
 * In which hundredth of all keys this one lies, 0 to 99: by its arguments alone, so the same in every process
 * and under every version. `args` are such as key_size() accepts.
 */
uint32_t key_share(const struct key_shape *shape, const struct key *key);
uint32_t key_share_args(const struct key_shape *shape, const struct swrcache_arg *args);

/*
 * The way back: room for a copy of every argument, out-arguments included, each aligned as its type wants it.
 * key_decode() fills args[] with pointers into `room`, which is aligned to key_align(); opaque holds the
 * OPAQUE values, one after the other.
 */
size_t key_align(const struct key_shape *shape);
size_t key_room(const struct key_shape *shape, const struct key *key);
void key_decode(const struct key_shape *shape, const struct key *key, const unsigned char *opaque,
                unsigned char *room, struct swrcache_arg *args);

/* The version that a key of this shape is to have now; versioned shapes only. */
static inline int64_t key_version(const struct key_shape *shape)
{
    return shape->version_of != NULL ? shape->version_of() : shape->version;
}

size_t key_opaque_size(const struct key_shape *shape);
void key_opaque_copy(const struct key_shape *shape, const struct swrcache_arg *args, unsigned char *to);

/* One parameter's bytes within an encoded key, for printing and matching. */
struct key_cursor {
    const struct swrcache_param *param;
    const unsigned char *bytes; /* content; NULL for a NULL string, bytes or structure */
    size_t len;
};
/* Splits a key into at most KEY_MAX_PARAMS cursors, those of OPAQUE and OUT with NULL and 0. */
void key_split(const struct key_shape *shape, const struct key *key, struct key_cursor *cursors);

#endif
