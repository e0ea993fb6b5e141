/* aged.h - entries of a chosen age for the tests of ages, leases and decisions. */
#ifndef TEST_UNIT_AGED_H
#define TEST_UNIT_AGED_H

#include "unit.h"

#include "runtime/cache/age.h"

#define MS NS_PER_MS

/* Born at 1,000 ms; fresh until `fresh`. */
static inline struct entry *aged(uint8_t flags, uint64_t fresh)
{
    struct key key = {1, 8, (const unsigned char *)"12345678"};
    struct entry *e = entry_new(&key, 1, 8, (struct entry_extra){.more = true});
    entry_set_born(e, 1000 * MS);
    entry_set_fresh_until(e, fresh);
    entry_flag(e, flags);
    return e;
}

/* Fresh until 1,100 ms, stale until 1,200, fallback until 1,300. */
static const struct age_policy plain_policy = {
    .ttl = 100 * MS, .stale = 100 * MS, .stale_if_error = 200 * MS, .negative = 50 * MS};

#endif
