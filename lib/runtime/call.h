/* call.h - the cached call: the whole algorithm is in call.c. */
#ifndef RUNTIME_CALL_H
#define RUNTIME_CALL_H

#include "flight.h"

/*
 * A word that a fork's child finds wiped; NULL before attach. CALL_READY: nothing is left to be done at the
 * first call.
 */
enum { KEY_ON_STACK = 256 };
enum { CALL_DEAD, CALL_ALIVE, CALL_READY };
extern _Atomic uint32_t *call_alive;

/* A call that is no simple hit: attach.c does what the first call has to, and goes on with call_run(). */
void call_other(struct swrcache_site *site, const struct swrcache_arg *args, void *result);

void call_run(struct swrcache_site *site, const struct swrcache_arg *args, void *result);
bool call_peek(struct swrcache_site *site, const struct swrcache_arg *args, void *result);
size_t call_operate(struct swrcache_site *site, enum swrcache_operation operation,
                    const struct swrcache_arg *args);
/* On a worker: computes `e` again; `fl`, if any, is already listed and waited for. Takes over no reference.
 */
void call_refresh(struct entry *e, uint64_t lease, struct flight *fl);
void call_fork_release(void);

#endif
