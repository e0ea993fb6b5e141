/*
 * refresh_record.h - what befell an entry that most entries never meet: refreshes that failed, timed
 * refreshes that nobody asked for. A record beside the table, made when it is first needed, found by the
 * entry's address; the entry's flags say whether there is one.
 */
#ifndef RUNTIME_REFRESH_RECORD_H
#define RUNTIME_REFRESH_RECORD_H

#include "core/entry.h"
#include "base/epoch.h"

struct refresh_record {
    struct epoch_garbage garbage;
    _Atomic(struct refresh_record *) next;
    struct entry *entry;
    _Atomic uint32_t idle_refreshes; /* timed refreshes since the last call */
    _Atomic int32_t refresh_errno;
    _Atomic uint8_t failures; /* refreshes failed in a row */
    _Atomic uint8_t timer;    /* warm.c's */
};

/* In a section of epoch.h, or with the shard locked. NULL: nothing befell it. */
struct refresh_record *refresh_record_of(struct entry *e);
/* The entry's shard locked. NULL: no memory. */
struct refresh_record *refresh_record_make(struct entry *e);
/* The entry is about to be freed. */
void refresh_record_end(struct entry *e);

/* Errno of the last refresh if it failed, else 0. As refresh_record_of(); */
static inline int refresh_record_seen_errno(struct entry *e)
{
    if (likely(!(entry_flags(e) & ENTRY_TROUBLE)))
        return 0;
    struct refresh_record *c = refresh_record_of(e);
    return c != NULL ? atomic_load_explicit(&c->refresh_errno, memory_order_relaxed) : 0;
}
/* or by any thread of the runtime. */
int refresh_record_errno(struct epoch_record *reader, struct entry *e);

#endif
