#include "mode.h"
#include "difference.h"
#include "observed.h"
#include "region.h"
#include "resolve.h"
#include "thread.h"
#include "runtime/setting/option.h"
#include "base/clock.h"
#include "base/unit.h"

#include <stdio.h>
#include <string.h>

static _Atomic uint64_t set_for_all; /* GIVEN and a word */

/* In a region's word: it was set. */
#define GIVEN (UINT64_C(1) << 63)

static uint64_t part_of(enum function_mode kind, uint32_t percent)
{
    return (uint64_t)(MODE_ALL - percent) << 2 | (uint64_t)kind;
}

static uint64_t now_ms(void)
{
    return clock_now() / NS_PER_MS;
}

uint64_t mode_left(uint64_t word)
{
    uint64_t now = now_ms(), until = word >> MODE_RETURN;
    return until > now ? until - now : 0;
}

/* The part that stays. */
static uint64_t lasting(uint64_t word)
{
    return word >> MODE_RETURN != 0 ? mode_then(word) : word & MODE_NOW;
}

uint64_t mode_settle(struct function *f, uint64_t word)
{
    while (word >> MODE_RETURN != 0 && mode_left(word) == 0) {
        uint64_t then = mode_then(word);
        if (!atomic_compare_exchange_strong(&f->mode, &word, then))
            continue;
        atomic_store(&f->mode_source, atomic_load(&f->mode_source) >> 8);
        word = then;
    }
    return word;
}

bool mode_takes(struct function *f, uint64_t word, const struct swrcache_arg *args)
{
    uint32_t percent = mode_percent(word);
    return percent == MODE_ALL ||
           (key_size(&f->shape, args) >= 0 && key_share_args(&f->shape, args) < percent);
}

bool mode_takes_key(struct function *f, uint64_t word, const struct key *key)
{
    return key_share(&f->shape, key) < mode_percent(word);
}

/* Counting begins anew. */
static void shadow_begin(struct function *f)
{
    atomic_store(&f->sampled, 0);
    atomic_store(&f->compared, 0);
    atomic_store(&f->compares_next, 0);
    difference_forget(f);
}

/* One that comes for a while covers the one that stays; the tools are told of both. */
static void put(struct function *f, uint64_t word, enum mode_source source)
{
    uint32_t by = source;
    if (word >> MODE_RETURN != 0) {
        uint64_t before = mode_of(f);
        uint32_t sources = atomic_load(&f->mode_source);
        word = (word & ~(MODE_NOW << MODE_PART)) | lasting(before) << MODE_PART;
        by |= (before >> MODE_RETURN != 0 ? sources >> 8 : sources) << 8;
    }
    if (mode_kind(word) == FUNCTION_SHADOW)
        shadow_begin(f);
    if (mode_kind(word) == FUNCTION_OBSERVE && mode_kind(mode_of(f)) != FUNCTION_OBSERVE)
        observe_begin(f);
    atomic_store(&f->mode_source, by);
    atomic_store(&f->mode, word);
}

static uint64_t word_of(const struct mode_wish *wish)
{
    uint64_t until = clock_add(clock_now(), wish->span) / NS_PER_MS;
    uint64_t most = UINT64_MAX >> (MODE_RETURN + 1); /* GIVEN has a bit too */
    if (wish->span == CLOCK_NEVER || until > most)
        until = 0;
    return until << MODE_RETURN | part_of(wish->kind, wish->percent);
}

void mode_set(struct function *f, const struct mode_wish *wish)
{
    put(f, word_of(wish), MODE_BY_SET);
}

uint32_t mode_set_all(struct region *r, const struct mode_wish *wish)
{
    uint64_t word = word_of(wish);
    uint32_t set = 0;
    struct function *f;
    atomic_store(r != NULL ? &r->mode : &set_for_all, word | GIVEN);
    for (uint32_t at = 0; (f = function_next(&at)) != NULL; function_release(f)) {
        if (!f->dictionary && (r == NULL || region_within(f->region, r)) &&
            (wish->kind != FUNCTION_SHADOW || function_comparable(f))) {
            put(f, word, MODE_BY_SET);
            set++;
        }
    }
    return set;
}

bool mode_stop(struct function *f)
{
    uint64_t word = mode_of(f);
    while (mode_kind(word) == FUNCTION_SHADOW)
        if (atomic_compare_exchange_strong(&f->mode, &word, part_of(FUNCTION_OFF, MODE_ALL))) {
            atomic_store(&f->mode_source, MODE_BY_SHADOW);
            return true;
        }
    return false;
}

/* What was set for its region, or for all; false: nothing, or its time is over. */
static bool set_around(struct function *f, uint64_t *word)
{
    *word = 0;
    for (const struct region *r = f->region; r != NULL && *word == 0; r = r->parent)
        *word = atomic_load(&r->mode);
    if (*word == 0)
        *word = atomic_load(&set_for_all);
    if (*word == 0)
        return false;
    *word &= ~GIVEN;
    return *word >> MODE_RETURN == 0 || mode_left(*word) != 0;
}

void mode_begin(struct function *f)
{
    const char *name = option_text(OPTION_SWR_MODE);
    uint64_t kind = FUNCTION_ON, percent = MODE_ALL, word;
    struct mode_wish wish = {.span = CLOCK_NEVER};
    enum mode_source source = MODE_BY_LAYER;
    if (f->dictionary || (atomic_load(&f->mode_source) & 255) >= MODE_BY_SET)
        return;
    setting_given(f, LAYER_MODE, &kind);
    setting_given(f, LAYER_PERCENT, &percent);
    wish.kind = (enum function_mode)kind;
    wish.percent = (uint32_t)percent;
    if (name != NULL && mode_named(name, &wish.kind))
        source = MODE_BY_ENVIRONMENT;
    if (wish.kind == FUNCTION_SHADOW && !function_comparable(f)) {
        option_complain("%s: mode=shadow: %s; on instead", f->site->name, function_incomparable(f));
        wish.kind = FUNCTION_ON;
    }
    word = word_of(&wish);
    if (word != atomic_load(&f->mode) || source != MODE_BY_LAYER)
        put(f, word, source);
    if (set_around(f, &word) && (mode_kind(word) != FUNCTION_SHADOW || function_comparable(f)))
        put(f, word, MODE_BY_SET);
}

void mode_source(struct function *f, char *buffer, size_t room)
{
    static const char *const names[] = {
        [MODE_BY_ENVIRONMENT] = "environment", [MODE_BY_SET] = "set", [MODE_BY_SHADOW] = "shadow"};
    uint32_t source = atomic_load(&f->mode_source) & 255;
    uint64_t value;
    if (source == MODE_BY_LAYER)
        setting_source(f, setting_given(f, LAYER_MODE, &value) ? LAYER_MODE : LAYER_PERCENT, buffer, room);
    else
        snprintf(buffer, room, "%s", names[source]);
}

/* The last comparisons, a bit each, the latest lowest, 1: wrong; above them a bit that says where they end.
 */
static unsigned judged(uint64_t word, unsigned *compared)
{
    *compared = word != 0 ? 63 - (unsigned)__builtin_clzll(word) : 0;
    return word != 0 ? (unsigned)__builtin_popcountll(word) - 1 : 0;
}

unsigned mode_wrong(struct function *f, unsigned *compared)
{
    return judged(atomic_load(&f->compared), compared);
}

bool mode_counts(struct function *f, uint64_t now)
{
    uint64_t next = atomic_load(&f->compares_next), span = atomic_load(&f->settings.ttl) / (MODE_WINDOW / 2);
    span = span < MODE_FASTEST ? MODE_FASTEST : span > MODE_SLOWEST ? MODE_SLOWEST : span;
    return now >= next && atomic_compare_exchange_strong(&f->compares_next, &next, clock_add(now, span));
}

bool mode_compared(struct function *f, bool wrong)
{
    uint64_t before = atomic_load(&f->compared), word;
    unsigned compared;
    do {
        word = (before != 0 ? before : 1) << 1 | (uint64_t)wrong;
        if (word >> (MODE_WINDOW + 1) != 0)
            word = UINT64_C(1) << MODE_WINDOW | (word & ((UINT64_C(1) << MODE_WINDOW) - 1));
    } while (!atomic_compare_exchange_weak(&f->compared, &before, word));
    uint64_t found = judged(word, &compared), bound = atomic_load(&f->settings.shadow_pct);
    return compared == MODE_WINDOW && found * 100 > bound * compared && mode_stop(f);
}

bool mode_stopped(struct function *f)
{
    return mode_kind(mode_of(f)) == FUNCTION_OFF && (atomic_load(&f->mode_source) & 255) == MODE_BY_SHADOW;
}

void mode_unset(struct function *f)
{
    atomic_store(&f->mode_source, MODE_BY_LAYER);
    mode_begin(f);
}

uint32_t mode_unset_all(struct region *r)
{
    uint32_t unset = 0;
    struct function *f;
    atomic_store(r != NULL ? &r->mode : &set_for_all, 0);
    for (uint32_t at = 0; (f = function_next(&at)) != NULL; function_release(f)) {
        if (!f->dictionary && (r == NULL || region_within(f->region, r))) {
            mode_unset(f);
            unset++;
        }
    }
    return unset;
}
