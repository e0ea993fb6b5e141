/*
 * publish.h - what becomes of a computation that ended: stored or not (verdict.h), waiters answered, and what
 * follows from it.
 */
#ifndef RUNTIME_PUBLISH_H
#define RUNTIME_PUBLISH_H

#include "flight.h"

/* Gives a referenced entry of the result, stored or not; NULL: no memory. */
struct entry *compute_publish(struct function *f, struct flight *fl, const struct swrcache_arg *args,
                              void *result, int error, bool *failed);

/* When refreshing may begin again after so many failures in a row. */
uint64_t publish_rested(struct function *f, uint64_t now, uint32_t failures);

#endif
