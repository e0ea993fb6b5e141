/*
 * fork.h - what fork() does with the runtime: all locks are taken before it and given back after it, and the
 * child drops what belonged to threads that it does not have.
 */
#ifndef ATTACH_FORK_H
#define ATTACH_FORK_H

/* Before the first call: the testing build learns which lock is which. */
#ifdef SWRCACHE_TESTING
void fork_start(void);
#else
static inline void fork_start(void)
{
}
#endif
void fork_prepare(void);
void fork_parent(void);
void fork_child(void);
/* In a child that was prepared, last: what is begun anew. */
extern void (*fork_again)(void);

#endif
