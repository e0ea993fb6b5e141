#include "evict.h"

enum {
    WORTH_FLOOR_US = 16, /* what is cheaper is not told apart: such times are noise */
    MEAN_OVER = 1024,
    TURNS = 128,      /* of the queues for one victim, before `touched` is looked at no more */
    CLASS_SHIFT = 2,  /* a class is worth four times the one below */
    CLASS_MIDDLE = 3, /* of entries worth the mean */
    PROMOTE_RATIO = 4,
};
#define SHARE_FIRST 0.1
#define SHARE_WIDE  0.5 /* above: the reuse is so recent that one touch is enough */

static struct evict_queue *queue_of(struct evict *v, struct entry *e)
{
    return e->queue == EVICT_SMALL ? &v->small : &v->main[e->queue - EVICT_MAIN];
}

static void push(struct evict *v, struct entry *e, uint8_t queue)
{
    e->queue = queue;
    struct evict_queue *q = queue_of(v, e);
    e->prev = NULL;
    e->next = q->head;
    if (q->head != NULL)
        q->head->prev = e;
    else
        q->tail = e;
    q->head = e;
    q->entries++;
    v->entries++;
    v->bytes += entry_bytes(e);
}

static void pull(struct evict *v, struct entry *e)
{
    struct evict_queue *q = queue_of(v, e);
    if (e->prev != NULL)
        e->prev->next = e->next;
    else
        q->head = e->next;
    if (e->next != NULL)
        e->next->prev = e->prev;
    else
        q->tail = e->prev;
    e->prev = e->next = NULL;
    e->queue = EVICT_NONE;
    q->entries--;
    v->entries--;
    v->bytes -= entry_bytes(e);
}

static double worth(const struct evict *v, const struct entry *e)
{
    double us = (double)entry_cost_us(e) + WORTH_FLOOR_US;
    return v->max_bytes == UINT64_MAX ? us : us / (double)entry_bytes(e);
}

static uint8_t class_of(const struct evict *v, const struct entry *e)
{
    double mean = v->mean_worth / (1 << (CLASS_SHIFT * (CLASS_MIDDLE - 1)));
    double own = worth(v, e) * 2; /* the mean itself lies in the middle of its class */
    uint8_t k = 0;
    for (double edge = mean; k < EVICT_CLASSES - 1 && own >= edge; edge *= 1 << CLASS_SHIFT)
        k++;
    return k;
}

static void push_main(struct evict *v, struct entry *e)
{
    uint8_t k = class_of(v, e);
    e->due = v->level + (UINT32_C(1) << (CLASS_SHIFT * k));
    entry_set_touched(e, 0);
    push(v, e, EVICT_MAIN + k);
}

/* The oldest of the main queues that is due first. */
static struct entry *next_of_main(struct evict *v)
{
    struct entry *next = NULL;
    for (int k = 0; k < EVICT_CLASSES; k++) {
        struct entry *e = v->main[k].tail;
        if (e != NULL && (next == NULL || e->due - v->level < next->due - v->level))
            next = e;
    }
    return next;
}

/* A fingerprint that came back says which queue was too short. */
static void rebalance(struct evict *v, enum ghost_kind kind)
{
    double small = (double)v->ghost.count[GHOST_SMALL] + (kind == GHOST_SMALL);
    double main_ = (double)v->ghost.count[GHOST_MAIN] + (kind == GHOST_MAIN);
    double step = kind == GHOST_SMALL ? main_ / small : small / main_;
    double whole = v->entries > 0 ? (double)v->entries : 1;
    if (step < 1)
        step = 1;
    v->share += (kind == GHOST_SMALL ? step : -step) / whole;
    v->share = v->share > 1 ? 1 : v->share < 0 ? 0 : v->share;
}

void evict_add(struct evict *v, struct entry *e)
{
    lock_take(&v->lock);
    if (v->seen == 0)
        v->share = SHARE_FIRST;
    v->seen += v->seen < MEAN_OVER;
    v->mean_worth += (worth(v, e) - v->mean_worth) / v->seen;
    enum ghost_kind kind = ghost_take(&v->ghost, entry_hash(e));
    if (kind != GHOST_NONE) {
        rebalance(v, kind);
        push_main(v, e);
    } else {
        push(v, e, EVICT_SMALL);
    }
    lock_give(&v->lock);
}

void evict_replace(struct evict *v, struct entry *old, struct entry *new_)
{
    lock_take(&v->lock);
    entry_set_touched(new_, entry_touched(old));
    if (old->queue == EVICT_NONE) {
        push(v, new_, EVICT_SMALL);
    } else {
        struct evict_queue *q = queue_of(v, old);
        new_->queue = old->queue;
        new_->due = old->due;
        new_->prev = old->prev;
        new_->next = old->next;
        *(new_->prev != NULL ? &new_->prev->next : &q->head) = new_;
        *(new_->next != NULL ? &new_->next->prev : &q->tail) = new_;
        old->prev = old->next = NULL;
        old->queue = EVICT_NONE;
        v->bytes += entry_bytes(new_) - entry_bytes(old);
    }
    lock_give(&v->lock);
}

void evict_remove(struct evict *v, struct entry *e)
{
    lock_take(&v->lock);
    if (e->queue != EVICT_NONE)
        pull(v, e);
    lock_give(&v->lock);
}

static bool exceeded(const struct evict *v)
{
    return v->bytes > v->max_bytes || v->entries > v->max_entries;
}

static void depart(struct evict *v, struct entry *e, enum ghost_kind kind)
{
    ghost_put(&v->ghost, entry_hash(e), kind, v->entries - 1);
    pull(v, e);
    atomic_fetch_add(&e->refs, 1);
    v->evictions++;
}

/* The oldest newcomer's turn: true when it leaves. */
static bool turn_of_small(struct evict *v, struct entry *e, const struct entry *rival, bool patient,
                          bool may_go)
{
    unsigned touched = entry_touched(e);
    bool wanted = touched >= (v->share >= SHARE_WIDE ? 1 : 2) ||
                  (rival != NULL && worth(v, e) >= PROMOTE_RATIO * worth(v, rival));
    if (may_go && !(patient && wanted)) {
        depart(v, e, GHOST_SMALL);
        return true;
    }
    pull(v, e);
    push_main(v, e);
    return false;
}

static bool turn_of_main(struct evict *v, struct entry *e, bool patient, bool may_go)
{
    unsigned touched = entry_touched(e);
    v->level = e->due;
    if (may_go && !(patient && touched > 0)) {
        depart(v, e, GHOST_MAIN);
        return true;
    }
    pull(v, e);
    push_main(v, e);
    if (touched > 1)
        entry_set_touched(e, 1);
    return false;
}

struct entry *evict_pick(struct evict *v, bool (*may_go)(struct entry *))
{
    struct entry *victim = NULL;
    lock_take(&v->lock);
    for (int turn = 0; exceeded(v) && victim == NULL && v->entries > 0 && turn < 2 * TURNS; turn++) {
        /* The newest entry is in already: it does not count against the newcomers before it. */
        double most = v->share * (double)v->entries;
        struct entry *main_ = next_of_main(v), *e = main_;
        bool other = turn >= TURNS && turn % 2 == 1 && v->small.entries > 0; /* main may be under lease */
        bool small = main_ == NULL || other || (v->small.entries > 1 && (double)v->small.entries > most);
        if (small)
            e = v->small.tail;
        if (small ? turn_of_small(v, e, main_, turn < TURNS, may_go(e))
                  : turn_of_main(v, e, turn < TURNS, may_go(e)))
            victim = e;
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
    uint64_t n = v->bytes;
    lock_give(&v->lock);
    return n;
}

uint64_t evict_entries(struct evict *v)
{
    lock_take(&v->lock);
    uint64_t n = v->entries;
    lock_give(&v->lock);
    return n;
}

uint64_t evict_overhead(struct evict *v)
{
    lock_take(&v->lock);
    uint64_t n = ghost_bytes(&v->ghost);
    lock_give(&v->lock);
    return n;
}
