/* shadowed.h - functions in mode shadow, and what was counted of them since. */
#ifndef TEST_SHADOWED_H
#define TEST_SHADOWED_H

#include "promise.h"

#include "runtime/compute/suspect.h"
#include "runtime/registry/mode.h"

#define TIMES .ttl_ms = SWR_SECONDS(1000), .stale_ms = SWR_SECONDS(1000), .jitter_pct = 0

static inline struct function *named(const char *name)
{
    for (uint32_t i = 0; i < function_count(); i++)
        if (strcmp(function_at(i)->site->name, name) == 0)
            return function_at(i);
    CHECK(!"there is such a function");
    exit(1);
}

static struct counts {
    uint64_t compared, differed, outdated, changed, disturbed;
} before;

static inline struct counts counts_of(struct function *f)
{
    return (struct counts){function_counter(f, COUNTER_compared), function_counter(f, COUNTER_differed),
                           function_counter(f, COUNTER_outdated), function_counter(f, COUNTER_changed),
                           function_counter(f, COUNTER_disturbed)};
}

static inline void wait_and_judge(uint64_t ms)
{
    swrcache_advance(ms);
    suspect_judge();
}

static inline bool counted(const char *name, struct counts more)
{
    struct counts now = counts_of(named(name));
    bool as_told =
        now.compared - before.compared == more.compared && now.differed - before.differed == more.differed &&
        now.outdated - before.outdated == more.outdated && now.changed - before.changed == more.changed &&
        now.disturbed - before.disturbed == more.disturbed;
    if (!as_told)
        printf("%s: compared %lu differed %lu outdated %lu changed %lu disturbed %lu\n", name,
               (unsigned long)(now.compared - before.compared),
               (unsigned long)(now.differed - before.differed),
               (unsigned long)(now.outdated - before.outdated), (unsigned long)(now.changed - before.changed),
               (unsigned long)(now.disturbed - before.disturbed));
    return as_told;
}

static inline void shadow(const char *name)
{
    mode_set(named(name), &(struct mode_wish){FUNCTION_SHADOW, MODE_ALL, CLOCK_NEVER});
    before = counts_of(named(name));
}

#endif
