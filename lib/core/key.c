#include "key.h"
#include "hash.h"
#include "base/os.h"

#include <float.h>
#include <string.h>

#define NULL_LENGTH UINT64_MAX

/* No bytes, or more than there can be, where there must be some. */
static inline bool bytes_missing(const struct swrcache_arg *a)
{
    return a->size == SIZE_MAX || (a->data == NULL && a->size != 0);
}

size_t key_value_size(const struct swrcache_param *p)
{
    /* x87: ten bytes of value, six of nothing */
    if (p->cls == SWRCACHE_CLASS_FLOAT && p->size == sizeof(long double) && LDBL_MANT_DIG == 64)
        return 10;
    return p->size;
}

static size_t fields_size(const struct swrcache_param *p)
{
    size_t n = 0;
    for (uint32_t i = 0; i < p->nfields; i++)
        n += p->fields[i].size;
    return n;
}

void key_shape_of(struct key_shape *shape, const struct swrcache_site *site, uint64_t seed)
{
    shape->params = site->params;
    shape->nparams = site->nparams;
    shape->version = site->policy->version;
    shape->version_of = NULL;
    if (site->policy_size >= offsetof(struct swrcache_policy, version_of) + sizeof shape->version_of)
        shape->version_of = site->policy->version_of;
    shape->versioned = shape->version != SWRCACHE_UNSET || shape->version_of != NULL;
    shape->seed = seed;
    shape->bits = NULL;
    shape->plain = KEY_OF_MANY;
    if (shape->versioned || site->nparams != 1)
        return;
    if (site->params[0].kind == SWRCACHE_KIND_VAL && site->params[0].size == 8)
        shape->plain = KEY_OF_WORD;
    else if (site->params[0].kind == SWRCACHE_KIND_VAL && site->params[0].size == 4)
        shape->plain = KEY_OF_HALF;
    else if (site->params[0].kind == SWRCACHE_KIND_STR)
        shape->plain = KEY_OF_TEXT;
}

/* No length is added that could make a sum of them wrap. */
ptrdiff_t key_size(const struct key_shape *shape, const struct swrcache_arg *args)
{
    size_t n = shape->versioned ? 8 : 0, len;
    for (uint32_t i = 0; i < shape->nparams; i++) {
        const struct swrcache_param *p = &shape->params[i];
        const struct swrcache_arg *a = &args[i];
        switch (p->kind) {
        case SWRCACHE_KIND_VAL:
            n += key_value_size(p);
            break;
        case SWRCACHE_KIND_STR:
            len = a->data != NULL ? strlen(a->data) + 1 : 0;
            if (len > KEY_MOST)
                return KEY_TOO_LONG;
            n += 8 + len;
            break;
        case SWRCACHE_KIND_BYTES:
            if (bytes_missing(a))
                return KEY_DOUBTFUL;
            if (a->size > KEY_MOST)
                return KEY_TOO_LONG;
            n += 8 + a->size;
            break;
        case SWRCACHE_KIND_STRUCT:
            n += 1 + (a->data != NULL ? fields_size(p) : 0);
            break;
        case SWRCACHE_KIND_OUT:
            if (a->data == NULL)
                return KEY_DOUBTFUL;
            break;
        case SWRCACHE_KIND_OUT_BYTES:
            if (bytes_missing(a))
                return KEY_DOUBTFUL;
            if (a->size > KEY_MOST) /* what stands there would be part of a value */
                return KEY_TOO_LONG;
            n += 8;
            break;
        default:
            break;
        }
    }
    return n > KEY_MOST ? KEY_TOO_LONG : (ptrdiff_t)n;
}

#define IN_PLACE static inline __attribute__((always_inline))

/* What is written so far: `at` is NULL when something did not fit or is doubtful. */
struct encoding {
    unsigned char *at, *end;
    ptrdiff_t why;
};

IN_PLACE void put(struct encoding *c, const void *bytes, size_t len)
{
    if (unlikely(len > (size_t)(c->end - c->at))) {
        c->why = KEY_TOO_LONG;
        c->at = NULL;
        return;
    }
    bytes_copy(c->at, bytes, len);
    c->at += len;
}

/* With the length before it; `after` the bytes that follow it uncounted. */
IN_PLACE void put_counted(struct encoding *c, const void *bytes, uint64_t len, size_t after)
{
    uint64_t n = bytes != NULL ? len : NULL_LENGTH;
    put(c, &n, sizeof n);
    if (bytes != NULL && c->at != NULL)
        put(c, bytes, len + after);
}

IN_PLACE void put_text(struct encoding *c, const char *text, bool strict)
{
    size_t len = text != NULL ? strlen(text) : 0;
    put_counted(c, text, len, 1);
    if (text == NULL || c->at == NULL)
        return;
    /* Another thread may have changed it since it was measured. */
    c->at[-1] = 0;
    if (strict && memchr(c->at - len - 1, 0, len) != NULL)
        *c = (struct encoding){.why = KEY_DOUBTFUL};
}

static void put_fields(struct encoding *c, const struct key_shape *shape, uint32_t param,
                       const unsigned char *data)
{
    const struct swrcache_param *p = &shape->params[param];
    const unsigned char *mask = shape->bits != NULL ? bits_mask(shape->bits, param) : NULL;
    unsigned char there = data != NULL, *first;
    put(c, &there, 1);
    first = c->at;
    for (uint32_t f = 0; there && c->at != NULL && f < p->nfields; f++)
        put(c, data + p->fields[f].offset, p->fields[f].size);
    if (unlikely(mask != NULL) && c->at != NULL)
        bits_clear(first, mask, (size_t)(c->at - first));
}

IN_PLACE ptrdiff_t encode(const struct key_shape *shape, const struct swrcache_arg *args,
                          unsigned char *buffer, size_t room, bool strict)
{
    struct encoding c = {buffer, buffer + room, 0};
    if (unlikely(shape->versioned)) {
        int64_t version = key_version(shape);
        put(&c, &version, sizeof version);
    }
    for (uint32_t i = 0; likely(c.at != NULL) && i < shape->nparams; i++) {
        const struct swrcache_param *p = &shape->params[i];
        const struct swrcache_arg *a = &args[i];
        switch (p->kind) {
        case SWRCACHE_KIND_VAL:
            put(&c, a->data, key_value_size(p));
            break;
        case SWRCACHE_KIND_STR:
            put_text(&c, a->data, strict);
            break;
        case SWRCACHE_KIND_BYTES:
            if (bytes_missing(a))
                return KEY_DOUBTFUL;
            put_counted(&c, a->data, a->size, 0);
            break;
        case SWRCACHE_KIND_STRUCT:
            put_fields(&c, shape, i, a->data);
            break;
        case SWRCACHE_KIND_OUT:
            if (a->data == NULL)
                return KEY_DOUBTFUL;
            break;
        case SWRCACHE_KIND_OUT_BYTES:
            if (bytes_missing(a))
                return KEY_DOUBTFUL;
            put(&c, &a->size, sizeof(uint64_t));
            break;
        default:
            break;
        }
    }
    return likely(c.at != NULL) ? c.at - buffer : c.why;
}

ptrdiff_t key_encode(const struct key_shape *shape, const struct swrcache_arg *args, unsigned char *buffer,
                     size_t room)
{
    return encode(shape, args, buffer, room, true);
}

ptrdiff_t key_encode_seen(const struct key_shape *shape, const struct swrcache_arg *args,
                          unsigned char *buffer, size_t room)
{
    return encode(shape, args, buffer, room, false);
}

uint64_t key_hash(const struct key_shape *shape, const unsigned char *bytes, size_t len)
{
    if ((shape->plain == KEY_OF_WORD && len == 8) || (shape->plain == KEY_OF_HALF && len == 4))
        return hash_word(shape, len == 8 ? bytes_word(bytes) : bytes_half(bytes));
    if (shape->plain == KEY_OF_TEXT && len >= KEY_TEXT_EXTRA)
        return hash_bytes(shape, bytes + 8, len - KEY_TEXT_EXTRA);
    return hash_bytes(shape, bytes, len);
}

void key_split(const struct key_shape *shape, const struct key *key, struct key_cursor *cursors)
{
    const unsigned char *at = key->bytes + (shape->versioned ? 8 : 0);
    uint64_t n;
    for (uint32_t i = 0; i < shape->nparams; i++) {
        const struct swrcache_param *p = &shape->params[i];
        struct key_cursor *c = &cursors[i];
        *c = (struct key_cursor){.param = p};
        switch (p->kind) {
        case SWRCACHE_KIND_VAL:
            c->bytes = at;
            c->len = key_value_size(p);
            at += c->len;
            break;
        case SWRCACHE_KIND_STR:
        case SWRCACHE_KIND_BYTES:
            memcpy(&n, at, 8);
            at += 8;
            if (n == NULL_LENGTH)
                break;
            c->bytes = at;
            c->len = n;
            at += n + (p->kind == SWRCACHE_KIND_STR);
            break;
        case SWRCACHE_KIND_STRUCT:
            if (*at++ != 0) {
                c->bytes = at;
                c->len = fields_size(p);
                at += c->len;
            }
            break;
        case SWRCACHE_KIND_OUT_BYTES:
            c->bytes = at;
            memcpy(&n, at, 8);
            c->len = n;
            at += 8;
            break;
        default:
            break;
        }
    }
}

static size_t align_of(const struct key_shape *shape, uint32_t i)
{
    static const struct bits unknown = {.masks = NULL};
    return bits_align(shape->bits != NULL ? shape->bits : &unknown, &shape->params[i], i);
}

size_t key_align(const struct key_shape *shape)
{
    size_t most = BITS_ALIGN_LEAST;
    for (uint32_t i = 0; i < shape->nparams; i++)
        most = align_of(shape, i) > most ? align_of(shape, i) : most;
    return most;
}

/* Where the i-th argument's copy begins, after those before it ended at `end`; how much it takes, a NUL too.
 */
static size_t place(const struct key_shape *shape, uint32_t i, const struct key_cursor *c, size_t end,
                    size_t *size)
{
    *size = (c->param->size > c->len ? c->param->size : c->len) + 1;
    return bits_up(end, align_of(shape, i));
}

size_t key_room(const struct key_shape *shape, const struct key *key)
{
    struct key_cursor cursors[KEY_MAX_PARAMS];
    size_t end = 0, size;
    key_split(shape, key, cursors);
    for (uint32_t i = 0; i < shape->nparams; i++) {
        end = place(shape, i, &cursors[i], end, &size);
        end += size;
    }
    return end;
}

void key_decode(const struct key_shape *shape, const struct key *key, const unsigned char *opaque,
                unsigned char *room, struct swrcache_arg *args)
{
    struct key_cursor cursors[KEY_MAX_PARAMS];
    size_t end = 0, full;
    key_split(shape, key, cursors);
    for (uint32_t i = 0; i < shape->nparams; i++) {
        const struct swrcache_param *p = &shape->params[i];
        const struct key_cursor *c = &cursors[i];
        size_t start = place(shape, i, c, end, &full);
        unsigned char *copy = room + start;
        end = start + full;
        memset(copy, 0, full);
        args[i] = (struct swrcache_arg){copy, p->size};
        switch (p->kind) {
        case SWRCACHE_KIND_VAL:
            memcpy(copy, c->bytes, c->len);
            break;
        case SWRCACHE_KIND_STR:
        case SWRCACHE_KIND_BYTES:
            args[i].size = p->kind == SWRCACHE_KIND_STR ? 0 : c->len;
            if (c->bytes == NULL)
                args[i].data = NULL;
            else
                memcpy(copy, c->bytes, c->len);
            break;
        case SWRCACHE_KIND_STRUCT: {
            const unsigned char *at = c->bytes;
            if (at == NULL)
                args[i].data = NULL;
            for (uint32_t f = 0; at != NULL && f < p->nfields; f++) {
                memcpy(copy + p->fields[f].offset, at, p->fields[f].size);
                at += p->fields[f].size;
            }
            break;
        }
        case SWRCACHE_KIND_OPAQUE:
            memcpy(copy, opaque, p->size);
            opaque += p->size;
            break;
        case SWRCACHE_KIND_OUT_BYTES:
            args[i].size = c->len;
            break;
        default:
            break;
        }
    }
}

size_t key_opaque_size(const struct key_shape *shape)
{
    size_t n = 0;
    for (uint32_t i = 0; i < shape->nparams; i++)
        if (shape->params[i].kind == SWRCACHE_KIND_OPAQUE)
            n += shape->params[i].size;
    return n;
}

void key_opaque_copy(const struct key_shape *shape, const struct swrcache_arg *args, unsigned char *to)
{
    for (uint32_t i = 0; i < shape->nparams; i++) {
        if (shape->params[i].kind != SWRCACHE_KIND_OPAQUE)
            continue;
        memcpy(to, args[i].data, shape->params[i].size);
        to += shape->params[i].size;
    }
}
