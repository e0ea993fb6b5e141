#include "loan.h"
#include "cache.h"
#include "runtime/registry/door.h"
#include "base/foreign.h"

static struct loan *unused(struct thread *t)
{
    for (struct loans *all = &t->loans; all != NULL; all = all->more)
        for (int i = 0; i < LOANS; i++)
            if (atomic_load_explicit(&all->some[i].canary, memory_order_acquire) == NULL)
                return &all->some[i];
    return NULL;
}

/*
 * The kernel looks: a stack may be gone. That takes a while, so nobody asks before all are in use. What was
 * left where nobody came by again stays: there is one at most for each place of a canary.
 */
static __attribute__((noinline)) struct loan *unused_after_all(struct thread *t)
{
    bool held = door_hold(t);
    loan_forget_left(t);
    struct loan *l = unused(t);
    struct loans *more = l == NULL ? os_zalloc(sizeof *more) : NULL;
    if (more != NULL) {
        more->more = t->loans.more;
        t->loans.more = more;
        l = &more->some[0];
    }
    if (held)
        door_let(t);
    return l;
}

struct loan *loan_begin(struct thread *t, volatile uint64_t *canary)
{
    struct loan *l = unused(t);
    if (unlikely(l == NULL) && (l = unused_after_all(t)) == NULL)
        return NULL;
    *canary = l->token = ++t->tokens * UINT64_C(0x9E3779B97F4A7C15);
    atomic_store_explicit(&l->canary, canary, memory_order_release);
    return l;
}

/* In use no more before it is given back: who is left in between gives nothing back twice. */
static void give_back(struct loan *l)
{
    struct entry *e = l->entry;
    void *what = l->what;
    void (*back)(void *) = l->back;
    l->entry = NULL;
    l->what = NULL;
    /* The coroutine may be on another thread meanwhile. */
    atomic_store_explicit(&l->canary, NULL, memory_order_release);
    if (what != NULL)
        back(what);
    if (e != NULL)
        cache_unref(e);
}

void loan_end(struct loan *l)
{
    struct thread *t = thread_current;
    bool held = l->what != NULL && t != NULL && door_hold(t);
    give_back(l);
    if (held)
        door_let(t);
}

void loan_forget_left(struct thread *t)
{
    for (struct loans *all = &t->loans; all != NULL; all = all->more)
        for (int i = 0; i < LOANS; i++) {
            struct loan *l = &all->some[i];
            const volatile uint64_t *canary = atomic_load_explicit(&l->canary, memory_order_acquire);
            if (canary != NULL && !foreign_word_is((const volatile uint32_t *)canary, (uint32_t)l->token))
                give_back(l);
        }
}

void loan_forget_all(struct thread *t)
{
    for (struct loans *all = &t->loans; all != NULL; all = all->more)
        for (int i = 0; i < LOANS; i++)
            if (atomic_load_explicit(&all->some[i].canary, memory_order_acquire) != NULL)
                give_back(&all->some[i]);
}
