#include "key.h"
#include "hash.h"

#include <string.h>

#define NULL_LENGTH UINT64_MAX

/* One piece of the encoding that key.h describes. False ends the walk. */
typedef bool taker(void *cookie, const void *piece, size_t len);

static bool with_length(taker *take, void *cookie, const void *data, uint64_t len, size_t taken)
{
    uint64_t n = data == NULL ? NULL_LENGTH : len;
    return take(cookie, &n, sizeof n) && (data == NULL || taken == 0 || take(cookie, data, taken));
}

/* A field, its padding cleared on the way. */
static bool masked(taker *take, void *cookie, const unsigned char *data, const unsigned char *mask,
                   size_t len)
{
    unsigned char block[256];
    bool more = true;
    for (size_t n; more && len != 0; data += n, mask += n, len -= n) {
        n = len < sizeof block ? len : sizeof block;
        memcpy(block, data, n);
        bits_clear(block, mask, n);
        more = take(cookie, block, n);
    }
    return more;
}

static bool fields(taker *take, void *cookie, const struct key_shape *shape, uint32_t param,
                   const unsigned char *data)
{
    const struct swrcache_param *p = &shape->params[param];
    const unsigned char *mask = shape->bits != NULL ? bits_mask(shape->bits, param) : NULL;
    unsigned char there = data != NULL;
    bool more = take(cookie, &there, 1);
    for (uint32_t f = 0; more && there && f < p->nfields; f++) {
        const struct swrcache_field *field = &p->fields[f];
        more = mask == NULL ? take(cookie, data + field->offset, field->size)
                            : masked(take, cookie, data + field->offset, mask, field->size);
        mask = mask == NULL ? NULL : mask + field->size;
    }
    return more;
}

static bool walk(const struct key_shape *shape, const struct swrcache_arg *args, taker *take, void *cookie)
{
    int64_t version = shape->versioned ? key_version(shape) : 0;
    bool more = !shape->versioned || take(cookie, &version, sizeof version);
    for (uint32_t i = 0; more && i < shape->nparams; i++) {
        const struct swrcache_param *p = &shape->params[i];
        const struct swrcache_arg *a = &args[i];
        size_t len;
        switch (p->kind) {
        case SWRCACHE_KIND_VAL:
            more = take(cookie, a->data, key_value_size(p));
            break;
        case SWRCACHE_KIND_STR:
            len = a->data != NULL ? strlen(a->data) : 0;
            more = with_length(take, cookie, a->data, len, len + 1);
            break;
        case SWRCACHE_KIND_BYTES:
            more = with_length(take, cookie, a->data, a->size, a->size);
            break;
        case SWRCACHE_KIND_STRUCT:
            more = fields(take, cookie, shape, i, a->data);
            break;
        case SWRCACHE_KIND_OUT_BYTES:
            more = with_length(take, cookie, a, a->size, 0);
            break;
        default:
            break;
        }
    }
    return more;
}

static bool feed(void *cookie, const void *piece, size_t len)
{
    XXH3_64bits_update(cookie, piece, len);
    return true;
}

uint64_t key_hash_args(const struct key_shape *shape, const struct swrcache_arg *args)
{
    XXH3_state_t state = {0}; /* its seed is compared with the new one */
    if (shape->plain == KEY_OF_TEXT && args[0].data != NULL)
        return hash_bytes(shape, args[0].data, strlen(args[0].data));
    XXH3_64bits_reset_withSeed(&state, shape->seed);
    walk(shape, args, feed, &state);
    return XXH3_64bits_digest(&state);
}

uint64_t key_digest(const void *bytes, size_t len)
{
    return XXH3_64bits(bytes, len);
}

uint32_t key_share(const struct key_shape *shape, const struct key *key)
{
    size_t version = shape->versioned ? sizeof(int64_t) : 0;
    return (uint32_t)(key_digest(key->bytes + version, key->len - version) % 100);
}

uint32_t key_share_args(const struct key_shape *shape, const struct swrcache_arg *args)
{
    struct key_shape unversioned = *shape;
    XXH3_state_t state = {0};
    unversioned.versioned = false;
    XXH3_64bits_reset(&state);
    walk(&unversioned, args, feed, &state);
    return (uint32_t)(XXH3_64bits_digest(&state) % 100);
}

struct rest {
    const unsigned char *at, *end;
};

/* Against a copy on the stack: what the caller's other threads may change is read once, never compared. */
static bool match(void *cookie, const void *piece, size_t len)
{
    struct rest *rest = cookie;
    const unsigned char *theirs = piece;
    unsigned char block[256];
    if (len > (size_t)(rest->end - rest->at))
        return false;
    while (len != 0) {
        size_t n = len < sizeof block ? len : sizeof block;
        memcpy(block, theirs, n);
        if (memcmp(block, rest->at, n) != 0)
            return false;
        theirs += n;
        rest->at += n;
        len -= n;
    }
    return true;
}

bool key_same_args(const struct key_shape *shape, const struct swrcache_arg *args, const unsigned char *bytes,
                   size_t len)
{
    struct rest rest = {bytes, bytes + len};
    return walk(shape, args, match, &rest) && rest.at == rest.end;
}
