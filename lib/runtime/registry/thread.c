#include "thread.h"
#include "base/alive.h"

#include <pthread.h>
#include <string.h>

__thread struct thread *thread_current __attribute__((tls_model("initial-exec")));
static __thread uint32_t endings __attribute__((tls_model("initial-exec")));

static _Atomic(struct thread *) first;
LOCK(threads);
static pthread_key_t key;
static bool have_key;
static const struct thread_endings *ends;

static void leave(void *cookie)
{
    struct thread *t = cookie;
    ends->known(t);
    thread_current = NULL;
    endings++;
    ends->gone(t);
    for (uint32_t b = 0; b < THREAD_BLOCKS; b++) {
        struct thread_counts *block = atomic_load(&t->blocks[b]);
        for (uint32_t i = 0; block != NULL && i < THREAD_BLOCK; i++) {
            struct function *f = function_counted(b * THREAD_BLOCK + i);
            for (int c = 0; f != NULL && c < COUNTERS; c++)
                atomic_fetch_add(&f->counts[c], atomic_exchange(&block->count[i][c], 0));
        }
    }
    thread_set_top(t, NULL, NULL);
    t->busy = t->worker = t->writing = t->held = t->abroad = false;
    atomic_store(&t->batch, false);
    t->epoch.depth = 0;
    atomic_store(&t->epoch.announced, 0);
    atomic_store(&t->epoch.used, 0);
}

void thread_start(const struct thread_endings *endings_)
{
    ends = endings_;
    have_key = pthread_key_create(&key, leave) == 0;
}

static struct thread *join(void)
{
    /* A destructor that ran after ours may call again; the last round of destructors must not. */
    if (alive_dead() || !have_key || endings >= 3)
        return NULL;
    struct thread *t;
    for (t = atomic_load(&first); t != NULL; t = t->next) {
        uint32_t unused = 0;
        if (atomic_load_explicit(&t->epoch.used, memory_order_relaxed) == 0 &&
            atomic_compare_exchange_strong(&t->epoch.used, &unused, 1))
            break;
    }
    if (t == NULL) {
        t = os_alloc_aligned(64, (sizeof *t + 63) & ~(size_t)63);
        if (t == NULL)
            return NULL;
        *t = (struct thread){0};
        LOCK_RANKED(&t->frames_lock, frames);
        epoch_join(&t->epoch);
        /* Not amid a fork: it gives back the locks of the records whose locks it took. */
        lock_take(&threads_lock);
        t->next = atomic_load(&first);
        atomic_store(&first, t);
        lock_give(&threads_lock);
    }
    if (pthread_setspecific(key, t) != 0) {
        atomic_store(&t->epoch.used, 0);
        return NULL;
    }
    t->tid = os_gettid();
    thread_current = t;
    return t;
}

struct thread *thread_join(void)
{
    struct shelter shelter;
    shelter_take(&shelter);
    struct thread *t = join();
    shelter_give(&shelter);
    return t;
}

__attribute__((noinline)) struct thread *thread_now(void)
{
    __asm__ volatile("");
    return thread_current;
}

void frames_locks(lock_visit *visit)
{
    for (struct thread *t = atomic_load(&first); t != NULL; t = t->next)
        visit(&t->frames_lock);
}

struct thread *thread_first(void)
{
    return atomic_load(&first);
}

void thread_fork_child(void)
{
    struct thread *me = thread_current;
    for (struct thread *t = atomic_load(&first); t != NULL; t = t->next) {
        atomic_store(&t->waiting_for, NULL);
        if (t == me) {
            t->tid = os_gettid();
            continue;
        }
        /* Whose thread had ended is clean already. */
        if (atomic_load(&t->epoch.used) == 0)
            continue;
        /* What it held references to is kept for nobody: nothing tells how far it had come with it. */
        t->lent = NULL;
        thread_set_top(t, NULL, NULL);
        t->frames = t->aside = NULL;
        for (struct loans *all = &t->loans; all != NULL; all = all->more)
            memset(all->some, 0, sizeof all->some);
        t->lengthy = NULL;
        thread_drop_dictionary(t);
        t->last = (struct thread_last){0};
        atomic_store(&t->batch, false);
        t->busy = t->worker = t->writing = t->held = t->abroad = false;
    }
    epoch_reset_others(me ? &me->epoch : NULL);
}

struct thread_counts *thread_counts_make(struct thread *t, const struct function *f)
{
    if (f->counted == FUNCTION_UNCOUNTED)
        return NULL;
    struct shelter shelter;
    shelter_take(&shelter);
    struct thread_counts *block = os_zalloc(sizeof *block);
    atomic_store(&t->blocks[f->counted / THREAD_BLOCK], block);
    shelter_give(&shelter);
    return block;
}

uint64_t function_counter(struct function *f, enum counter c)
{
    uint64_t sum = atomic_load(&f->counts[c]);
    uint32_t n = f->counted;
    if (n == FUNCTION_UNCOUNTED)
        return sum;
    for (struct thread *t = thread_first(); t != NULL; t = t->next) {
        struct thread_counts *block = atomic_load(&t->blocks[n / THREAD_BLOCK]);
        if (block != NULL)
            sum += atomic_load_explicit(&block->count[n % THREAD_BLOCK][c], memory_order_relaxed);
    }
    return sum;
}
