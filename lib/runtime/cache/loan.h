/*
 * loan.h - what a call needs while code of the user runs for it: copy, encode, decode, release, the function
 * of a custom key.
 *
 * That code may never come back, by a jump, an exception, cancellation or pthread_exit(), or with its
 * coroutine. So all else is given back before it runs, and the rest lies in the thread's record: an entry
 * with a reference, and one thing besides. The call gives it back when it goes on. Otherwise the thread does,
 * at a later call that finds the canary overwritten, a word on the stack of who called: nobody can come back
 * there; or when it ends.
 */
#ifndef RUNTIME_LOAN_H
#define RUNTIME_LOAN_H

#include "runtime/registry/thread.h"

/* Of a function that has a canary: it stays on the real stack. */
#define HAS_CANARY __attribute__((noinline, no_sanitize("address")))

/* NULL: no memory. Before `canary` is left, it is ended. */
struct loan *loan_begin(struct thread *t, volatile uint64_t *canary);
/* The reference becomes the loan's; NULL is none. */
static inline void loan_entry(struct loan *l, struct entry *e)
{
    l->entry = e;
}
static inline void loan_besides(struct loan *l, void *what, void (*back)(void *what))
{
    l->back = back;
    l->what = what;
}
/* Gives all of it back; or the call has it again. */
void loan_end(struct loan *l);
static inline void loan_keep(struct loan *l)
{
    l->entry = NULL;
    l->what = NULL;
    loan_end(l);
}

/* The thread holds the shelter: what was left behind is given back. All of it, when the thread ends. */
void loan_forget_left(struct thread *t);
void loan_forget_all(struct thread *t);

#endif
