#include "evict.h"

enum {
    WORTH_FLOOR_US = 16, /* what is cheaper is not told apart: such times are noise */
    MEAN_OVER = 1024,
    TURNS = 128,      /* of the queues for one victim, before `touched` is looked at no more */
    CLASS_SHIFT = 2,  /* a class is worth four times the one below */
    CLASS_MIDDLE = 3, /* of entries worth the mean */
    STRETCHES = 16,
    PROMOTE_RATIO = 4,
};
#define SHARE_FIRST 0.1
#define SHARE_WIDE  0.5 /* above: the reuse is so recent that one touch is enough */

static struct evict_queue *queue_at(struct evict *v, unsigned queue)
{
    return queue == EVICT_SMALL ? &v->small : &v->main[queue - EVICT_MAIN];
}

static struct entry *tail_of(struct evict_queue *q)
{
    return alloc_at(q->tail);
}

/* Nobody else writes these bits. */
static void set_queue(struct entry *e, unsigned queue)
{
    uint64_t change = entry_queue(e) ^ queue;
    atomic_fetch_xor_explicit(&e->when, change << ENTRY_QUEUE_AT, memory_order_relaxed);
}

/* What the neighbours, or the ends of the queue, say of an entry's place. */
static void set_place(struct evict_queue *q, struct entry *e, alloc_ref ref_before, alloc_ref ref_behind)
{
    struct entry *before = alloc_at(e->prev), *behind = alloc_at(e->next);
    *(before != NULL ? &before->next : &q->head) = ref_behind;
    *(behind != NULL ? &behind->prev : &q->tail) = ref_before;
}

static void push(struct evict *v, struct entry *e, unsigned queue)
{
    struct evict_queue *q = queue_at(v, queue);
    alloc_ref ref = alloc_ref_of(e);
    set_queue(e, queue);
    e->prev = 0;
    e->next = q->head;
    set_place(q, e, ref, ref);
    q->entries++;
    v->entries++;
    v->bytes += entry_bytes(e);
}

/* One of the queue goes, its oldest or another. */
static void unmark(struct evict_queue *q, bool oldest)
{
    uint32_t from = q->first;
    for (uint32_t i = 1; !oldest && i < q->marks; i++)
        if (q->mark[(q->first + i) % EVICT_MARKS].entries > q->mark[from].entries)
            from = (q->first + i) % EVICT_MARKS;
    if (q->marks > 0 && q->mark[from].entries > 0)
        q->mark[from].entries--;
    while (q->marks > 0 && q->mark[q->first].entries == 0) {
        q->first = (q->first + 1) % EVICT_MARKS;
        q->marks--;
    }
}

static void pull(struct evict *v, struct entry *e)
{
    struct evict_queue *q = queue_at(v, entry_queue(e));
    if (entry_queue(e) != EVICT_SMALL)
        unmark(q, tail_of(q) == e);
    set_place(q, e, e->prev, e->next);
    e->prev = e->next = 0;
    set_queue(e, EVICT_NONE);
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
    /* What is asked for twice as often saves twice as much: where costs differ that counts too. */
    if (v->deviation > v->mean_worth / 4)
        own *= 1 + entry_hits(e);
    uint8_t k = 0;
    for (double edge = mean; k < EVICT_CLASSES - 1 && own >= edge; edge *= 1 << CLASS_SHIFT)
        k++;
    return k;
}

static void push_main(struct evict *v, struct entry *e)
{
    uint8_t k = class_of(v, e);
    struct evict_queue *q = &v->main[k];
    uint32_t span = UINT32_C(1) << (CLASS_SHIFT * k), due = v->level + span;
    uint32_t last = (q->first + q->marks - 1) % EVICT_MARKS;
    if (q->marks > 0 && (due - q->mark[last].due <= span / STRETCHES || q->marks == EVICT_MARKS)) {
        q->mark[last].entries++;
    } else {
        last = (q->first + q->marks++) % EVICT_MARKS;
        q->mark[last].due = due;
        q->mark[last].entries = 1;
    }
    entry_set_touched(e, 0);
    push(v, e, EVICT_MAIN + k);
}

/* When the turn of a main queue's oldest comes. */
static uint32_t due_of(const struct evict *v, const struct evict_queue *q)
{
    return q->marks > 0 ? q->mark[q->first].due : v->level;
}

/* The main queue whose oldest is due first; NULL: all are empty. */
static struct evict_queue *next_of_main(struct evict *v)
{
    struct evict_queue *next = NULL;
    for (int k = 0; k < EVICT_CLASSES; k++) {
        struct evict_queue *q = &v->main[k];
        if (q->tail != 0 && (next == NULL || due_of(v, q) - v->level < due_of(v, next) - v->level))
            next = q;
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
    double worthy = worth(v, e),
           off = worthy > v->mean_worth ? worthy - v->mean_worth : v->mean_worth - worthy;
    v->mean_worth += (worthy - v->mean_worth) / v->seen;
    v->deviation += (off - v->deviation) / v->seen;
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
    if (entry_queue(old) == EVICT_NONE) {
        push(v, new_, EVICT_SMALL);
    } else {
        alloc_ref ref = alloc_ref_of(new_);
        new_->prev = old->prev;
        new_->next = old->next;
        set_place(queue_at(v, entry_queue(old)), new_, ref, ref);
        set_queue(new_, entry_queue(old));
        old->prev = old->next = 0;
        set_queue(old, EVICT_NONE);
        v->bytes += entry_bytes(new_) - entry_bytes(old);
    }
    lock_give(&v->lock);
}

void evict_remove(struct evict *v, struct entry *e)
{
    lock_take(&v->lock);
    if (entry_queue(e) != EVICT_NONE)
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

static bool turn_of_main(struct evict *v, struct entry *e, uint32_t due, bool patient, bool may_go)
{
    unsigned touched = entry_touched(e);
    v->level = due;
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

static struct entry **place_of(struct evict *v, const struct entry *e)
{
    for (unsigned i = 0; i < EVICT_LEAVING; i++)
        if (v->leaving[i] == e)
            return &v->leaving[i];
    return NULL;
}

struct entry *evict_pick(struct evict *v, bool (*may_go)(struct entry *), struct evict_bound *bound)
{
    struct entry *victim = NULL, **leaving;
    lock_take(&v->lock);
    leaving = place_of(v, NULL);
    bool bytes = v->bytes > v->max_bytes;
    if (bound != NULL)
        *bound = (struct evict_bound){bytes, bytes ? v->max_bytes : v->max_entries};
    for (int turn = 0; leaving != NULL && exceeded(v) && victim == NULL && v->entries > 0 && turn < 2 * TURNS;
         turn++) {
        /* The newest entry is in already: it does not count against the newcomers before it. */
        double most = v->share * (double)v->entries;
        struct evict_queue *next = next_of_main(v);
        struct entry *main_ = next != NULL ? tail_of(next) : NULL, *e = main_;
        bool other = turn >= TURNS && turn % 2 == 1 && v->small.entries > 0; /* main may be under lease */
        bool small = main_ == NULL || other || (v->small.entries > 1 && (double)v->small.entries > most);
        if (small)
            e = tail_of(&v->small);
        if (small ? turn_of_small(v, e, main_, turn < TURNS, may_go(e))
                  : turn_of_main(v, e, due_of(v, next), turn < TURNS, may_go(e)))
            victim = *leaving = e;
    }
    lock_give(&v->lock);
    return victim;
}

void evict_gone(struct evict *v, struct entry *e)
{
    lock_take(&v->lock);
    struct entry **leaving = place_of(v, e);
    if (leaving != NULL)
        *leaving = NULL;
    lock_give(&v->lock);
}

void evict_bounds(struct evict *v, uint64_t max_bytes, uint64_t max_entries)
{
    lock_take(&v->lock);
    v->max_bytes = max_bytes;
    v->max_entries = max_entries;
    lock_give(&v->lock);
}

void evict_end(struct evict *v)
{
    ghost_end(&v->ghost);
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
