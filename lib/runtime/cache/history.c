#include "history.h"
#include "audit.h"
#include "base/clock.h"
#include "base/sync.h"

#include <string.h>

/* Slots come by the page: a small program notes little. */
enum { INLINE_KEY = 64, PAGE_SLOTS = 32, PAGES = HISTORY_SLOTS / PAGE_SLOTS };

struct slot {
    uint64_t order; /* 0: free; the higher the later */
    uint64_t identity, hash;
    struct history_record record;
    uint32_t key_len;
    unsigned char *long_key; /* a key longer than INLINE_KEY */
    unsigned char key[INLINE_KEY];
};

LOCK(history); /* everything here; innermost but for the allocator */
static struct slot *pages[PAGES];
static uint64_t ordered;
static bool forgotten;

/* The key's own slot if it has one, else a free one, else the oldest of its set; NULL: no memory. */
static struct slot *slot_for(uint64_t identity, const struct key *key)
{
    size_t at = key->hash % (HISTORY_SLOTS / HISTORY_WAYS) * HISTORY_WAYS;
    struct slot **page = &pages[at / PAGE_SLOTS];
    if (*page == NULL && (*page = os_zalloc(PAGE_SLOTS * sizeof **page)) == NULL)
        return NULL;
    struct slot *set = *page + at % PAGE_SLOTS, *oldest = set;
    for (struct slot *s = set; s < set + HISTORY_WAYS; s++) {
        if (s->order != 0 && s->hash == key->hash && s->identity == identity && s->key_len == key->len)
            return s;
        if (s->order < oldest->order)
            oldest = s;
    }
    return oldest;
}

static void note(uint64_t identity, const struct key *key, struct history_record record)
{
    unsigned char *copy = NULL;
    bool kept =
        key->len <= HISTORY_KEY_MAX && (key->len <= INLINE_KEY || (copy = os_alloc(key->len)) != NULL);
    lock_take(&history_lock);
    struct slot *s = kept ? slot_for(identity, key) : NULL;
    if (s == NULL) {
        forgotten = true;
    } else {
        SYNC_POINT("history.locked");
        forgotten |= s->order != 0 && s->hash != key->hash;
        unsigned char *old = s->long_key;
        *s = (struct slot){.order = ++ordered,
                           .identity = identity,
                           .hash = key->hash,
                           .record = record,
                           .key_len = (uint32_t)key->len,
                           .long_key = copy};
        s->record.when = clock_now();
        s->record.act = audit_current(&s->record.who);
        s->record.cause = audit_cause(&s->record.cause_hash);
        memcpy(copy != NULL ? copy : s->key, key->bytes, key->len);
        copy = old;
    }
    lock_give(&history_lock);
    os_free(copy);
}

void history_note(uint64_t identity, const struct key *key, enum history_what what, int error)
{
    note(identity, key, (struct history_record){.what = what, .error = error});
}

void history_note_evicted(uint64_t identity, const struct key *key, bool whole, struct evict_bound bound)
{
    note(identity, key, (struct history_record){.what = HISTORY_EVICTED, .whole = whole, .bound = bound});
}

bool history_complete(void)
{
    lock_take(&history_lock);
    bool complete = !forgotten;
    lock_give(&history_lock);
    return complete;
}

void history_forget(void)
{
    lock_take(&history_lock);
    forgotten = true;
    lock_give(&history_lock);
}

bool history_find(struct function *f, cache_match *match, void *cookie, struct history_record *found)
{
    uint64_t identity = atomic_load(&f->identity), latest = 0;
    for (size_t i = 0; i < HISTORY_SLOTS; i++) {
        unsigned char bytes[HISTORY_KEY_MAX];
        /* Copied, and matched with the lock given back: whoever evicts does not wait for that. */
        lock_take(&history_lock);
        struct slot *page = pages[i / PAGE_SLOTS], s = {.order = 0};
        if (page != NULL)
            s = page[i % PAGE_SLOTS];
        bool candidate =
            s.order > latest && (s.identity ^ identity) % FUNCTIONS_MAX == 0 && s.identity >= f->first;
        if (candidate)
            memcpy(bytes, s.long_key != NULL ? s.long_key : s.key, s.key_len);
        lock_give(&history_lock);
        struct key key = {s.hash, s.key_len, bytes};
        if (candidate && match(f, &key, cookie)) {
            latest = s.order;
            *found = s.record;
        }
    }
    return latest != 0;
}
