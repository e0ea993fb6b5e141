/*
 * mode.h - what the calls of a function come to, at start and by command, for good or for a while.
 *
 * One word, so that it changes as a whole and a hit looks at nothing else; 0 is plainly on:
 *
 *   | returns at (ms, 46 bits; 0: it stays) | then: left out %, mode (9 bits) | now: left out %, mode (9
 * bits) |
 *
 * Whoever finds the time passed puts the later mode in force: a call, or a tool that looks.
 */
#ifndef RUNTIME_MODE_H
#define RUNTIME_MODE_H

#include "function.h"
#include "runtime/setting/mode_word.h"

/* Where a mode comes from, for the tools. */
enum mode_source {
    MODE_BY_LAYER, /* setting.h: as it began */
    MODE_BY_ENVIRONMENT,
    MODE_BY_SET,
    MODE_BY_SHADOW, /* turned off: too many answers differed */
};

/* The word in force now. */
uint64_t mode_settle(struct function *f, uint64_t word);
static inline uint64_t mode_of(struct function *f)
{
    uint64_t word = atomic_load_explicit(&f->mode, memory_order_relaxed);
    return likely(word >> MODE_RETURN == 0) ? word : mode_settle(f, word);
}

/* Whether calls with these arguments, or this key, are among so many per cent. */
bool mode_takes(struct function *f, uint64_t word, const struct swrcache_arg *args);
bool mode_takes_key(struct function *f, uint64_t word, const struct key *key);

/* "set", "shadow", "environment", or as setting_source() says. */
void mode_source(struct function *f, char *buffer, size_t room);

struct mode_wish {
    enum function_mode kind;
    uint32_t percent;
    uint64_t span; /* ns, then the mode that was to stay; CLOCK_NEVER: stays itself */
};
void mode_set(struct function *f, const struct mode_wish *wish);
/*
 * The same for all of a region, or of the process (NULL), those that are learnt of later as well, but for
 * those that shadow is not for. How many.
 */
uint32_t mode_set_all(struct region *r, const struct mode_wish *wish);
/* Takes back what was set: how the function begins counts again, or what is set for its region or for all. */
void mode_unset(struct function *f);
/* The same of what was set for a region, or for all (NULL), and for its functions. How many. */
uint32_t mode_unset_all(struct region *r);
/* Caching ends because answers differ. False: it was not in shadow any more. */
bool mode_stop(struct function *f);

/* How a function begins; again, when its region is told of later, unless it was set meanwhile. */
void mode_begin(struct function *f);

/* In ms until it returns; 0: it stays. */
uint64_t mode_left(uint64_t word);

/*
 * Mode shadow: when the last MODE_WINDOW fresh answers that counted were wrong by more than `shadow_pct` per
 * cent, it ends.
 *
 * Not all that are compared count, but one in a while: a burst of calls finds one and the same thing, a value
 * that has just changed, which its ttl allows. That while is a part of the ttl, so that one change is no more
 * than half of the window; but no longer than MODE_SLOWEST, so that a wrong answer with a long life ends it
 * within seconds.
 */
enum { MODE_WINDOW = 32 };
#define MODE_FASTEST (100 * NS_PER_MS)
#define MODE_SLOWEST (250 * NS_PER_MS)
/* The comparison that was made now counts. */
bool mode_counts(struct function *f, uint64_t now);
/* It is over. True: it ended shadow. */
bool mode_compared(struct function *f, bool wrong);
/* How many of them were wrong; gives of how many. */
unsigned mode_wrong(struct function *f, unsigned *compared);
/* It is off because they were. */
bool mode_stopped(struct function *f);

#endif
