#include "bits.h"
#include "hash.h"
#include "base/os.h"

#include <float.h>
#include <sched.h>
#include <string.h>

enum { ROUNDS_MOST = 100000 };

#define HAS(site, member)                                                                                    \
    ((site)->size >= offsetof(struct swrcache_site, member) + sizeof((site)->member) &&                      \
     (site)->member != NULL)

/* x87 numbers: ten bytes of value, six of nothing. */
static bool is_long(uint32_t cls, size_t size)
{
    return cls == SWRCACHE_CLASS_FLOAT && size == sizeof(long double) && LDBL_MANT_DIG == 64;
}

static bool is_plain(const struct swrcache_site *site)
{
    return site->size >= offsetof(struct swrcache_site, flags) + sizeof site->flags &&
           (site->flags & SWRCACHE_SITE_PLAIN) != 0;
}

/* A size is a multiple of the alignment, but for types that were given one of their own. */
static size_t align_of_size(size_t size)
{
    size_t most = size & (0 - size);
    return most > SWRCACHE_ALIGN_MOST ? SWRCACHE_ALIGN_MOST
           : most < BITS_ALIGN_LEAST  ? BITS_ALIGN_LEAST
                                      : most;
}

static size_t at_least(size_t align)
{
    return align < BITS_ALIGN_LEAST ? BITS_ALIGN_LEAST : align;
}

size_t bits_align(const struct bits *bits, const struct swrcache_param *p, uint32_t param)
{
    return bits->aligns != NULL ? at_least(bits->aligns[param]) : align_of_size(p->size);
}

static bool aligns_of(struct bits *bits, const struct swrcache_site *site)
{
    uint32_t n = site->nparams;
    bits->aligns = HAS(site, aligns) ? site->aligns : NULL;
    for (uint32_t i = 0; bits->aligns != NULL && i <= n; i++)
        if (site->aligns[i] > SWRCACHE_ALIGN_MOST || __builtin_popcount(site->aligns[i]) != 1)
            return false;
    bits->result_align = bits->aligns != NULL ? at_least(site->aligns[n]) : align_of_size(site->result_size);
    bits->align = bits->result_align;
    for (uint32_t i = 0; i < n; i++) {
        size_t align = bits_align(bits, &site->params[i], i);
        bits->align = align > bits->align ? align : bits->align;
    }
    return true;
}

/* What is being found out about one value or the fields of a structure. */
struct look {
    const struct swrcache_site *site;
    unsigned char *mask; /* of all */
    size_t len;
    bool padded, untold, failed;
};

static void look_at(struct look *l, uint32_t param, uint32_t field, uint32_t cls, size_t size)
{
    unsigned char *room = os_alloc(size + SWRCACHE_ALIGN_MOST - 1), *ones;
    if (room == NULL) {
        l->failed = true;
        return;
    }
    ones = bits_place(room, SWRCACHE_ALIGN_MOST);
    memset(ones, 0xff, size);
    if (HAS(l->site, clear))
        l->untold |= !l->site->clear(param, field, ones);
    else if (is_long(cls, size))
        memset(ones + 10, 0, size - 10);
    else
        l->untold |= cls == SWRCACHE_CLASS_BYTES && !is_plain(l->site);
    for (size_t i = 0; i < size; i++)
        l->padded |= ones[i] != 0xff;
    memcpy(l->mask + l->len, ones, size);
    l->len += size;
    os_free(room);
}

/* How long the mask of a parameter or the result is; 0: it has none. */
static size_t mask_size(const struct swrcache_site *s, uint32_t param)
{
    const struct swrcache_param *p = param < s->nparams ? &s->params[param] : NULL;
    bool fields = p != NULL && p->kind == SWRCACHE_KIND_STRUCT;
    size_t size = p != NULL ? p->size : s->result_size;
    if (p != NULL ? !fields && p->kind != SWRCACHE_KIND_OUT : s->form != SWRCACHE_FORM_VALUE)
        return 0;
    for (uint32_t f = 0; fields && f < p->nfields; f++)
        size = (f == 0 ? 0 : size) + p->fields[f].size;
    return size;
}

/* NULL: all of it counts, or l->failed. */
static const unsigned char *mask_of(struct look *l, uint32_t param)
{
    const struct swrcache_site *s = l->site;
    const struct swrcache_param *p = param < s->nparams ? &s->params[param] : NULL;
    bool fields = p != NULL && p->kind == SWRCACHE_KIND_STRUCT;
    size_t size = mask_size(s, param);
    if (size == 0)
        return NULL;
    l->len = 0;
    l->padded = false;
    l->mask = os_alloc(size);
    l->failed = l->mask == NULL;
    for (uint32_t f = 0; fields && !l->failed && f < p->nfields; f++)
        look_at(l, param, f, p->fields[f].cls, p->fields[f].size);
    if (!fields && !l->failed)
        look_at(l, param, 0, p != NULL ? p->cls : s->result_cls, size);
    if (l->padded && !l->failed)
        return l->mask;
    os_free(l->mask);
    return NULL;
}

bool bits_of(struct bits *bits, const struct swrcache_site *site)
{
    uint32_t n = site->nparams;
    bool any = false;
    *bits = (struct bits){.masks = NULL};
    if (!aligns_of(bits, site))
        return false;
    atomic_store(&bits->round, HAS(site, round) ? site->round : NULL);
    const unsigned char **masks = os_zalloc((n + 1) * sizeof *masks);
    struct look l = {.site = site, .failed = masks == NULL};
    for (uint32_t i = 0; i <= n && !l.failed; i++) {
        bool of_key = i < n && site->params[i].kind == SWRCACHE_KIND_STRUCT;
        l.untold = false;
        masks[i] = mask_of(&l, i);
        any |= masks[i] != NULL;
        /* A field that nobody knew the padding of has been told, or is of an annotation older than that. */
        bits->untold |= l.untold && !of_key;
    }
    if (!l.failed && any) {
        bits->masks = masks;
        return true;
    }
    bits->masks = masks;
    bits_free(bits, site);
    return !l.failed;
}

bool bits_alike(const struct bits *a, const struct bits *b, const struct swrcache_site *site)
{
    bool alike = a->untold == b->untold && (a->masks == NULL) == (b->masks == NULL);
    for (uint32_t i = 0; alike && a->masks != NULL && i <= site->nparams; i++)
        alike = a->masks[i] == NULL || b->masks[i] == NULL
                    ? a->masks[i] == b->masks[i]
                    : memcmp(a->masks[i], b->masks[i], mask_size(site, i)) == 0;
    return alike;
}

void bits_free(struct bits *bits, const struct swrcache_site *site)
{
    for (uint32_t i = 0; bits->masks != NULL && i <= site->nparams; i++)
        os_free((void *)(uintptr_t)bits->masks[i]);
    os_free((void *)(uintptr_t)bits->masks);
    bits->masks = NULL;
}

bool bits_round(const struct bits *bits, uint32_t param, void *value)
{
    struct bits *b = (struct bits *)(uintptr_t)bits;
    atomic_fetch_add(&b->rounding, 1);
    bool (*round)(uint32_t param, void *value) = atomic_load(&b->round);
    bool rounded = round != NULL && round(param, value);
    atomic_fetch_sub(&b->rounding, 1);
    return rounded;
}

void bits_round_by(struct bits *bits, bool (*round)(uint32_t param, void *value))
{
    atomic_store(&bits->round, round);
    /* It only calculates: whoever is in it comes out, unless a handler of a signal jumped out of it. */
    for (int i = 0; atomic_load(&bits->rounding) != 0 && i < ROUNDS_MOST; i++)
        sched_yield();
}

void bits_clear(unsigned char *value, const unsigned char *mask, size_t len)
{
    for (size_t i = 0; mask != NULL && i < len; i++)
        value[i] &= mask[i];
}

uint64_t bits_digest(const void *value, const unsigned char *mask, size_t len)
{
    XXH3_state_t state = {0};
    const unsigned char *from = value;
    unsigned char block[256];
    if (mask == NULL)
        return XXH3_64bits(value, len);
    XXH3_64bits_reset(&state);
    for (size_t n; len != 0; from += n, mask += n, len -= n) {
        n = len < sizeof block ? len : sizeof block;
        memcpy(block, from, n);
        bits_clear(block, mask, n);
        XXH3_64bits_update(&state, block, n);
    }
    return XXH3_64bits_digest(&state);
}
