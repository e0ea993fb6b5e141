/*
 * function.h - one annotated function as the runtime knows it: identity, settings in force, counters.
 *
 * `identity` is the function's number and its generation; invalidating all of it raises the generation, and
 * every entry made before matches no more.
 *
 * Functions are never freed but for regions' dictionaries, which go with a region that nobody uses any more
 * (region.h). A dictionary stays while somebody holds it: so do its entries, marks that name it, and whoever
 * got it from function_next() or region_functions().
 */
#ifndef RUNTIME_FUNCTION_H
#define RUNTIME_FUNCTION_H

#include "runtime/setting/mode_word.h"
#include "runtime/setting/setting.h"
#include "core/evict.h"
#include "core/key.h"
#include "core/mark.h"

struct configured;
struct epoch_garbage;
struct home;
struct region;
struct observed_function;
struct difference;

/* How a hit hands the value over. */
enum function_give {
    GIVE_OTHER,  /* not simply: an object, or `unless` is to be asked */
    GIVE_RESULT, /* by result_give(): strings, out-parameters, short results */
    GIVE_WORD,   /* eight bytes */
    GIVE_HALF,   /* four */
    GIVE_SOME,   /* from 16 bytes to 256, in pieces */
};

enum counter {
#define COUNTER(name, help) COUNTER_##name,
#include "counter.def"
#undef COUNTER
    COUNTERS
};
extern const char *const counter_names[COUNTERS];

struct function;
struct thread;
typedef void function_hit(struct swrcache_site *site, const struct swrcache_arg *args, void *result,
                          struct function *f, struct thread *t);

struct function {
    function_hit *hit;              /* hit.h: looks a call up that has nothing unusual about it */
    _Atomic uint64_t identity;      /* core/entry.h */
    struct swrcache_site *site;     /* site.h: a copy of the object's */
    _Atomic uint64_t mode;          /* mode.h; 0: plainly on */
    _Atomic int32_t clock;          /* clockid_t: a coarse one unless times are too short for it */
    uint32_t counts_at, counts_row; /* thread.h: where a thread's counters of it stand */
    uint32_t counted;               /* which of those that threads count; FUNCTION_UNCOUNTED: by `counts` */
    struct key_shape shape;         /* of the keys */
    struct key_shape args; /* of what the body is called with: the same unless `custom_key` makes the keys */
    const struct swrcache_key
        *custom_key;                      /* own_key: one is annotated, and fits. Its `make` alone is there */
    const struct swrcache_codec *codec;   /* own_codec: of an object's bytes, which are kept instead of it */
    const struct swrcache_codec *encoder; /* the same, or one that tells what is in an object alone */
    uint32_t number;
    uint8_t give;           /* enum function_give */
    bool has_outs;          /* out-parameters: their bytes stand before the result in a value */
    bool dictionary;        /* a region's: nobody computes its entries */
    _Atomic uint64_t *kept; /* its region's; NULL: no dictionary, it is never freed */
    uint64_t first;         /* its first identity: the number may have been another's before */
    _Atomic bool inner;     /* some body called it: results may stand on its results */
    /* Results just stored whose dependents have not been told; raised under the shard's lock. */
    _Atomic uint32_t telling;
    uint32_t ntags;
    struct mark_name *tags; /* of every result */
    struct settings settings;
    struct setting_layer own, set;            /* setting.h: by the annotation; by command; its lock */
    const struct configured *configured;      /* configured.h; NULL: nothing */
    struct region *region;                    /* NULL: none */
    struct function *next_in_region;          /* set once */
    struct swrcache_policy annotated;         /* copy of the annotation, unset fields kept unset */
    struct evict *bounds;                     /* own bounds, or the global one */
    _Atomic uint64_t cost_ns_total, computed; /* what its computations took in all */
    _Atomic uint64_t entries, bytes;          /* now in the table */
    _Atomic uint64_t doomed;                  /* of them, about: of former generations */
    _Atomic uint64_t invalidated_by;          /* audit.h: what raised the generation last */
    _Atomic uint32_t mode_source;             /* mode.h; above the lowest byte: of the mode it returns to */
    _Atomic uint32_t sampled;                 /* shadow.c: hits so far */
    _Atomic uint32_t suspected;               /* suspect.c: its differences that are not judged yet */
    _Atomic uint64_t compared, compares_next; /* mode.h: the last that counted, and when one counts again */
    struct difference *difference;            /* difference.h: the last that was wrong; its lock */
    _Atomic(struct observed_function *) observed; /* observation.h; NULL: never was */
    _Atomic uint64_t counts[COUNTERS];            /* counted without a thread record, or by threads gone */
    struct bits bits; /* core/bits.h: of the types of its parameters and its result */
    /* Where its code is: home.h. */
    _Atomic(struct home *) home; /* NULL: where nothing goes; home.c's lock to write it */
    uint32_t life;               /* of the home, since which it is there; the same */
    _Atomic uint64_t since;      /* entries of an identity before that were made by code that is gone */
    _Atomic uint64_t objects;    /* that its entries hold, in the table or not: master.h */
    _Atomic(struct epoch_garbage *) waiting; /* entries whose objects its code is to release: master.h */
    /* Copies of what its code says in structures of its own: renewed with it. */
    struct swrcache_key own_key;
    struct swrcache_codec own_codec;
};

/*
 * An entry knows sixteen bits of the number and sixteen of the generation. A part of the numbers is kept from
 * dictionaries: however many a program makes, a function that comes later is cached. Threads count so many
 * functions by themselves.
 */
enum {
    FUNCTIONS_MAX = 1 << ENTRY_FUNCTION_BITS,
    FUNCTION_GENERATIONS = 1 << ENTRY_GENERATION_BITS,
    FUNCTIONS_COUNTED = 4096,
    DICTIONARIES_MAX = FUNCTIONS_MAX - 2 * FUNCTIONS_COUNTED,
    FUNCTION_UNCOUNTED = UINT32_MAX
};

/* Learning of a function: the lock held around, and what is made known at the end. */
void function_learn(void);
void function_learnt(void);
uint64_t function_seed(void);
void function_add(struct function *f);
/* All numbers are below that; and how many functions there are, and were made so far. */
uint32_t function_count(void);
uint32_t function_known(void);
uint32_t function_made(void);
/* NULL: none has that number. Only of one that is held, or with the lock of function_learn(). */
struct function *function_at(uint32_t number);
struct function *function_counted(uint32_t which);
/* The next function from number *at on, held; *at moves behind it. NULL: there are no more. */
struct function *function_next(uint32_t *at);
/* Who holds one may let another hold it. After the release it may be gone. */
static inline void function_hold(struct function *f)
{
    if (f->kept != NULL)
        atomic_fetch_add(f->kept, 1);
}
static inline void function_release(struct function *f)
{
    if (f->kept != NULL)
        atomic_fetch_sub(f->kept, 1);
}
/* The same of the function whose key or whole a mark names, which somebody holds; a tag names none. */
void function_hold_named(const struct mark_name *name);
void function_release_named(const struct mark_name *name);

/* Between function_learn() and function_learnt(): the next number for one, which of the counted it is, and
 * its first identity. False: there are as many as there can be, which is told. */
bool function_number(const char *name, bool dictionary, uint32_t *number, uint32_t *counted,
                     uint64_t *identity);
/* There likewise: so many dictionaries; takes one out if nobody holds it, and its number is free. False:
 * somebody does. */
uint32_t function_dictionaries(void);
bool function_remove(struct function *f);
#define FUNCTION_GONE (UINT64_C(1) << 63) /* in `kept`: who finds it so has come too late */
/* What was counted of those that are gone. */
uint64_t function_gone_counter(enum counter c);
struct function *function_of_entry(const struct entry *e);
/* All of what an entry has twenty bits of. */
uint64_t function_identity_of(const struct entry *e);
/* Sum over threads. */
uint64_t function_counter(struct function *f, enum counter c);

/* Its times are too short for the coarse clock. */
static inline bool function_precise(struct function *f)
{
    return atomic_load_explicit(&f->clock, memory_order_relaxed) == CLOCK_MONOTONIC;
}

/* By how much what its calls take for the time may be less than that. */
static inline uint64_t function_lag(struct function *f)
{
    return function_precise(f) ? 0 : clock_lag();
}

/* The time as its calls see it, and by how much it may be less. */
static inline uint64_t function_now(struct function *f, uint64_t *behind)
{
    int32_t clock = atomic_load_explicit(&f->clock, memory_order_relaxed);
    *behind = clock == CLOCK_MONOTONIC ? 0 : clock_lag();
    return clock_of(clock);
}

/* Tools show neither its arguments nor its values. */
static inline bool function_secret(const struct function *f)
{
    return f->annotated.secret == 1;
}

/* Entries that calls may get. */
static inline uint64_t function_live(struct function *f)
{
    uint64_t entries = atomic_load(&f->entries), doomed = atomic_load(&f->doomed);
    return entries > doomed ? entries - doomed : 0;
}

/* Values hold a pointer to a master, which is released with the entry. */
static inline bool function_holds_object(const struct function *f)
{
    return f->site->form == SWRCACHE_FORM_OBJECT && f->codec == NULL;
}

/*
 * Two of its results can be compared: of objects without an encoder only the addresses are known, and of
 * structures whose padding the compiler did not tell not which bytes count.
 */
static inline bool function_comparable(const struct function *f)
{
    return (f->site->form != SWRCACHE_FORM_OBJECT || f->encoder != NULL) && !f->bits.untold;
}
#define FUNCTION_INCOMPARABLE "its objects cannot be compared without a codec (SWR_CODEC, SWR_ENCODER)"
#define FUNCTION_UNTOLD       "its compiler did not tell which bytes of its structures are padding, as gcc does"

/* Why not. */
static inline const char *function_incomparable(const struct function *f)
{
    return f->bits.untold ? FUNCTION_UNTOLD : FUNCTION_INCOMPARABLE;
}

/* Its entries so far match no more. Gives the new generation. */
static inline uint64_t function_raise(struct function *f)
{
    return (atomic_fetch_add(&f->identity, entry_identity(0, 1)) >> ENTRY_FUNCTION_BITS) + 1;
}

#endif
