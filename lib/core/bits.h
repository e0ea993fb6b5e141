/*
 * bits.h - of the values that go in and out of a function, which bits count and where they may stand, as the
 * compiler told the annotation (swrcache/bits.h). Older annotations tell nothing: then it follows from sizes.
 */
#ifndef CORE_BITS_H
#define CORE_BITS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "swrcache/abi.h"

struct key_shape;

/* What malloc() gives, and bodies take for granted of texts and bytes. */
enum { BITS_ALIGN_LEAST = 16 };

/*
 * Parameters are numbered as in the site; nparams is the result. A function's are never freed: nor is it.
 */
struct bits {
    /*
     * NULL where no function's value has padding. Else of each STRUCT (its fields, as they stand in a key),
     * of what each OUT points to, and of the result: ones where there is value; NULL: everywhere.
     */
    const unsigned char *const *masks;
    const uint32_t *aligns; /* NULL: not told */
    size_t result_align;
    size_t align;                                       /* the most of all */
    bool (*_Atomic round)(uint32_t param, void *value); /* code of the object's: by bits_round() alone */
    _Atomic uint32_t rounding;                          /* threads that are in it */
    bool untold; /* nobody knows where the padding is: no two values can be compared */
};

/* False: no memory, or alignments that cannot be served. */
bool bits_of(struct bits *bits, const struct swrcache_site *site);
/* Does the same count in both? Of sites with the same parameters and result, of which this is one. */
bool bits_alike(const struct bits *a, const struct bits *b, const struct swrcache_site *site);
void bits_free(struct bits *bits, const struct swrcache_site *site);
/* What the trampoline makes of a VAL; false: it leaves it alone, or its code is gone. */
bool bits_round(const struct bits *bits, uint32_t param, void *value);
/* Its code goes: nobody is in it any more. It is another's with `round` not NULL. */
void bits_round_by(struct bits *bits, bool (*round)(uint32_t param, void *value));
/* Where an argument may stand that a body is called with. */
size_t bits_align(const struct bits *bits, const struct swrcache_param *p, uint32_t param);

static inline size_t bits_up(size_t n, size_t align)
{
    return (n + align - 1) & ~(align - 1);
}

/* The first place in `room` for something so aligned; it has to have align - 1 bytes more than that takes. */
static inline unsigned char *bits_place(unsigned char *room, size_t align)
{
    return room + (bits_up((uintptr_t)room, align) - (uintptr_t)room);
}

/* The mask of a parameter or the result; NULL: all of it counts. */
static inline const unsigned char *bits_mask(const struct bits *bits, uint32_t param)
{
    return bits->masks != NULL ? bits->masks[param] : NULL;
}

/* What does not count becomes zero. */
void bits_clear(unsigned char *value, const unsigned char *mask, size_t len);
/* key_digest() of a value as if that had been done. */
uint64_t bits_digest(const void *value, const unsigned char *mask, size_t len);

#endif
