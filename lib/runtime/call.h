/* call.h - the cached call: the whole algorithm is in call.c. */
#ifndef RUNTIME_CALL_H
#define RUNTIME_CALL_H

#include "flight.h"

extern _Atomic uint32_t *call_alive; /* a word that a fork's child finds wiped; NULL before attach */

void call_run(struct swrcache_site *site, const struct swrcache_arg *args, void *result);
bool call_peek(struct swrcache_site *site, const struct swrcache_arg *args, void *result);
size_t call_operate(struct swrcache_site *site, enum swrcache_operation operation,
                    const struct swrcache_arg *args);
/* On a worker: computes `e` again; `fl`, if any, is already listed and waited for. Takes over no reference.
 */
void call_refresh(struct entry *e, uint64_t lease, struct flight *fl);
void call_fork_release(void);

#endif
