#include "evict.h"

#include "base/os.h"

static struct evict_queue *queue_of(struct evict *v, struct entry *e)
{
    return e->queue == EVICT_SMALL ? &v->small : &v->main;
}

static void push(struct evict_queue *q, struct entry *e)
{
    e->prev = NULL;
    e->next = q->head;
    if (q->head != NULL)
        q->head->prev = e;
    else
        q->tail = e;
    q->head = e;
    q->bytes += entry_bytes(e);
    q->entries++;
}

static void unlink_entry(struct evict_queue *q, struct entry *e)
{
    if (e->prev != NULL)
        e->prev->next = e->next;
    else
        q->head = e->next;
    if (e->next != NULL)
        e->next->prev = e->prev;
    else
        q->tail = e->prev;
    e->prev = e->next = NULL;
    q->bytes -= entry_bytes(e);
    q->entries--;
}

static uint32_t *ghost_of(struct evict *v, const struct entry *e)
{
    return v->ghosts == NULL ? NULL : &v->ghosts[(e->hash >> 20) % EVICT_GHOSTS];
}

static uint32_t fingerprint(const struct entry *e)
{
    return (uint32_t)(e->hash >> 32) | 1;
}

void evict_add(struct evict *v, struct entry *e)
{
    lock_take(&v->lock);
    uint32_t *ghost = ghost_of(v, e);
    bool known = ghost != NULL && *ghost == fingerprint(e);
    e->queue = known ? EVICT_MAIN : EVICT_SMALL;
    push(queue_of(v, e), e);
    lock_give(&v->lock);
}

void evict_replace(struct evict *v, struct entry *old, struct entry *new_)
{
    lock_take(&v->lock);
    new_->queue = EVICT_SMALL;
    if (old->queue != EVICT_NONE) {
        new_->queue = old->queue;
        unlink_entry(queue_of(v, old), old);
        old->queue = EVICT_NONE;
    }
    atomic_store(&new_->touched, atomic_load(&old->touched));
    push(queue_of(v, new_), new_);
    lock_give(&v->lock);
}

void evict_remove(struct evict *v, struct entry *e)
{
    lock_take(&v->lock);
    if (e->queue != EVICT_NONE) {
        unlink_entry(queue_of(v, e), e);
        e->queue = EVICT_NONE;
    }
    lock_give(&v->lock);
}

static bool exceeded(const struct evict *v)
{
    return v->small.bytes + v->main.bytes > v->max_bytes ||
           v->small.entries + v->main.entries > v->max_entries;
}

static struct entry *take(struct evict *v, struct entry *e)
{
    unlink_entry(queue_of(v, e), e);
    e->queue = EVICT_NONE;
    atomic_fetch_add(&e->refs, 1);
    v->evictions++;
    return e;
}

struct entry *evict_pick(struct evict *v, bool (*may_go)(struct entry *))
{
    struct entry *victim = NULL;
    lock_take(&v->lock);
    /* Each turn moves, demotes or takes one entry: four rounds of `touched` at the most. */
    uint64_t turns = exceeded(v) ? 5 * (v->small.entries + v->main.entries) + 5 : 0;
    for (; turns > 0 && victim == NULL; turns--) {
        bool from_small = v->small.entries > 0 &&
                          (v->main.entries == 0 || v->small.bytes * 10 >= v->small.bytes + v->main.bytes);
        struct evict_queue *q = from_small ? &v->small : &v->main;
        struct entry *e = q->tail;
        if (e == NULL)
            break;
        uint8_t touched = atomic_load_explicit(&e->touched, memory_order_relaxed);
        if (from_small && touched > 1) {
            unlink_entry(q, e);
            atomic_store_explicit(&e->touched, 0, memory_order_relaxed);
            e->queue = EVICT_MAIN;
            push(&v->main, e);
        } else if ((!from_small && touched > 0) || !may_go(e)) {
            unlink_entry(q, e);
            if (touched > 0)
                atomic_store_explicit(&e->touched, touched - 1, memory_order_relaxed);
            push(q, e);
        } else {
            if (from_small) {
                if (v->ghosts == NULL)
                    v->ghosts = os_zalloc(EVICT_GHOSTS * sizeof *v->ghosts);
                if (v->ghosts != NULL)
                    *ghost_of(v, e) = fingerprint(e);
            }
            victim = take(v, e);
        }
    }
    lock_give(&v->lock);
    return victim;
}

void evict_bounds(struct evict *v, uint64_t max_bytes, uint64_t max_entries)
{
    lock_take(&v->lock);
    v->max_bytes = max_bytes;
    v->max_entries = max_entries;
    lock_give(&v->lock);
}

uint64_t evict_bytes(struct evict *v)
{
    lock_take(&v->lock);
    uint64_t n = v->small.bytes + v->main.bytes;
    lock_give(&v->lock);
    return n;
}

uint64_t evict_entries(struct evict *v)
{
    lock_take(&v->lock);
    uint64_t n = v->small.entries + v->main.entries;
    lock_give(&v->lock);
    return n;
}
