/*
 * thread.h - what the runtime keeps of each thread. Records are never freed, only used again.
 */
#ifndef RUNTIME_THREAD_H
#define RUNTIME_THREAD_H

#include "function.h"
#include "base/epoch.h"
#include "base/lock.h"
#include "base/shelter.h"

struct flight;
struct frame;

enum { THREAD_BLOCK = 16, THREAD_BLOCKS = FUNCTIONS_COUNTED / THREAD_BLOCK };

struct thread_counts {
    _Atomic uint64_t count[THREAD_BLOCK][COUNTERS]; /* written by the owner, read by anyone */
};

/* How its last call ended, as little worked out as can be. */
struct thread_last {
    enum swrcache_outcome outcome;
    int refresh_errno;
    uint64_t shape; /* the entry's, which has its birth; 0: there was none */
    uint64_t now;   /* 0: the value never grows stale, so nobody looked at a clock */
};

/* cache/loan.h: what a call needs while code of the user runs for it. */
enum { LOANS = 8 };
struct loan {
    _Atomic(const volatile uint64_t *) canary; /* NULL: not in use */
    uint64_t token;                            /* what stands there */
    struct entry *entry;
    void *what;
    void (*back)(void *what);
};
struct loans {
    struct loan some[LOANS];
    struct loans *more; /* set once, its thread alone */
};

struct thread {
    struct epoch_record epoch;
    union {
        struct {
            bool busy;    /* inside the runtime: a signal handler's call is handed on */
            bool tied;    /* `bound` is set */
            bool writing; /* has an open batch that says something: verb/batch_note.h */
        };
        uint32_t closed; /* to the path of a hit */
    };
    _Atomic bool batch; /* has one open; suspect.c looks at others' */
    int tid;
    uintptr_t at; /* while busy: where on the stack its visit is */
    struct thread_last last;
    struct thread *next; /* all records; set once */

    /* What its visit has taken: door.h. */
    bool held;                   /* the shelter */
    bool abroad;                 /* it is in malloc(), which may be the host's and call */
    struct shelter host;         /* what the host has, while held */
    struct flight *awaited;      /* in a wait, what it has a reference to: wait.c */
    struct entry *fallback;      /* likewise */
    unsigned char *lengthy;      /* a key too long for the stack */
    struct function *dictionary; /* that it uses, held; NULL: none */

    uint32_t tick;           /* thread_touch() */
    bool worker;             /* a thread of the pool: never waits */
    struct flight *bound;    /* whose result stands on what this thread calls: top, or lent */
    struct flight *top;      /* innermost computation on this thread */
    const char *body;        /* and its function's name; NULL: none */
    struct flight *lent;     /* another thread's, by context.h; holds a reference */
    struct lock frames_lock; /* frames, for a body that comes back on another thread */
    struct frame *frames;    /* compute/frame.h: all that is under way, innermost first */
    struct frame *aside;     /* those given up that may come back, linked by `outer` */
    uint64_t tokens;         /* given to frames and loans so far */
    struct loans loans;
    _Atomic(struct flight *) waiting_for;                      /* the lock of wait.c */
    _Atomic(struct thread_counts *) blocks[THREAD_BLOCKS + 1]; /* the last: of the uncounted, NULL */
};

extern __thread struct thread *thread_current __attribute__((tls_model("initial-exec"))) OURS;

/* Where it is first: a handler that looks in between must not take the visit for one that was left. */
static inline __attribute__((always_inline)) void thread_inside(struct thread *t)
{
#if defined(__x86_64__)
    __asm__ volatile("mov %%rsp, %0" : "=m"(t->at));
#elif defined(__aarch64__)
    uintptr_t at;
    __asm__ volatile("mov %0, sp" : "=r"(at));
    t->at = at;
#else
    t->at = (uintptr_t)__builtin_frame_address(0);
#endif
    atomic_signal_fence(memory_order_seq_cst);
    t->busy = true;
    atomic_signal_fence(memory_order_seq_cst);
}

static inline void thread_drop_key(struct thread *t)
{
    os_free(t->lengthy);
    t->lengthy = NULL;
}

/* The dictionary that a visit used, should it not come back. */
static inline void thread_drop_dictionary(struct thread *t)
{
    struct function *f = t->dictionary;
    t->dictionary = NULL;
    if (f != NULL)
        function_release(f);
}

/* When a thread ends: `known` while its record is still its own, `gone` after. */
struct thread_endings {
    void (*known)(struct thread *t), (*gone)(struct thread *t);
};
/* Before the first call: threads that come at once all join. */
void thread_start(const struct thread_endings *ends);
struct thread *thread_join(void); /* NULL: no memory, or the thread is ending */
/* thread_current, after code that may have gone on on another thread. */
struct thread *thread_now(void);
struct thread *thread_first(void);
void thread_fork_child(void);

static inline void thread_set_top(struct thread *t, struct flight *fl, const char *body)
{
    t->top = fl;
    t->body = body;
    t->bound = fl != NULL ? fl : t->lent;
    t->tied = t->bound != NULL;
}

/* A hit as eviction and the tools see it. */
static inline void thread_touch(struct thread *t, struct entry *e)
{
    entry_touch(e, ++t->tick);
}

struct thread_counts *thread_counts_make(struct thread *t, const struct function *f);

/* Gives what the thread has counted of it. */
static inline uint64_t thread_count(struct thread *t, struct function *f, enum counter c)
{
    _Atomic(struct thread_counts *) *at = (void *)((char *)t + f->counts_at);
    struct thread_counts *block = atomic_load_explicit(at, memory_order_relaxed);
    if (unlikely(block == NULL) && (block = thread_counts_make(t, f)) == NULL)
        return atomic_fetch_add_explicit(&f->counts[c], 1, memory_order_relaxed);
    _Atomic uint64_t *slot = (_Atomic uint64_t *)((char *)block + f->counts_row) + c;
    uint64_t n = atomic_load_explicit(slot, memory_order_relaxed) + 1;
    atomic_store_explicit(slot, n, memory_order_relaxed);
    return n;
}

#endif
