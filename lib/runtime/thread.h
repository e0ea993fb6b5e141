/*
 * thread.h - what the runtime keeps of each thread. Records are never freed, only used again.
 */
#ifndef RUNTIME_THREAD_H
#define RUNTIME_THREAD_H

#include "care.h"
#include "flight.h"
#include "base/cancel.h"

/* In info.age_ms: the value never grows stale, so nobody looked at a clock. */
#define THREAD_BORN (UINT64_C(1) << 63)

enum { THREAD_BLOCK = 16, THREAD_BLOCKS = FUNCTIONS_MAX / THREAD_BLOCK };

struct thread_counts {
    _Atomic uint64_t count[THREAD_BLOCK][COUNTERS]; /* written by the owner, read by anyone */
};

struct thread {
    struct epoch_record epoch;
    struct thread *next; /* all records; set once */
    int tid;
    bool busy;                   /* inside the runtime: a signal handler's call is handed on */
    bool worker;                 /* a thread of the pool: never waits */
    struct flight *bound;        /* whose result stands on what this thread calls: top, or lent */
    struct flight *top;          /* innermost computation on this thread */
    struct flight *lent;         /* another thread's, by context.h; holds a reference */
    struct writer_call *writers; /* writers under way, innermost first */
    struct flight *aside;        /* those held to be left by longjmp, linked by `outer` */
    uint64_t tokens;             /* given to flights so far */
    unsigned char *lengthy;      /* of a miss: a key too long for the stack; of a worker: arguments */
    struct cancel cancel;        /* the host's, while it is off */
    _Atomic(struct flight *) waiting_for; /* the lock of wait.c */
    struct swrcache_info info;            /* its age_ms in nanoseconds, or a birth and THREAD_BORN */
    uint32_t tick;                        /* thread_touch() */
    _Atomic(struct thread_counts *) blocks[THREAD_BLOCKS];
};

extern __thread struct thread *thread_current __attribute__((tls_model("initial-exec")));

static inline void thread_drop_key(struct thread *t)
{
    os_free(t->lengthy);
    t->lengthy = NULL;
}

struct thread *thread_join(void); /* NULL: no memory, or the thread is ending */
struct thread *thread_first(void);
void thread_fork_child(void);

static inline void thread_set_top(struct thread *t, struct flight *fl)
{
    t->top = fl;
    t->bound = fl != NULL ? fl : t->lent;
}

_Atomic uint64_t *thread_counter_slow(struct thread *t, uint32_t function, enum counter c);

/* A hit as eviction and the tools see it. */
static inline void thread_touch(struct thread *t, struct entry *e)
{
    entry_touch(e, &t->tick);
}

static inline void thread_count(struct thread *t, struct function *f, enum counter c)
{
    uint32_t n = f->number;
    struct thread_counts *block = atomic_load_explicit(&t->blocks[n / THREAD_BLOCK], memory_order_relaxed);
    _Atomic uint64_t *slot =
        likely(block != NULL) ? &block->count[n % THREAD_BLOCK][c] : thread_counter_slow(t, n, c);
    if (unlikely(slot == NULL))
        atomic_fetch_add_explicit(&f->counts[c], 1, memory_order_relaxed);
    else
        atomic_store_explicit(slot, atomic_load_explicit(slot, memory_order_relaxed) + 1,
                              memory_order_relaxed);
}

#endif
