/*
 * warm.h - keep_warm_ms: when an entry is refreshed without traffic.
 *
 * A key that is kept warm has one timer (pool.h) or one computation under way:
 *
 *   stored --keep_warm--> timer fires --refresh--> stored: the new entry's timer begins
 *                           ^  |  |------------> failed, or nothing stored: the old entry's is set again,
 *                           |  |                 for when the back-off ends
 *                           |--|  not now: somebody else refreshes it, its back-off lasts, no room
 *
 * It ends with the entry, or after keep_warm_idle refreshes without a call, whatever became of them. A
 * failure that is remembered in the place of a dead value goes on in its turn; one that was never a value is
 * not kept warm.
 */
#ifndef RUNTIME_WARM_H
#define RUNTIME_WARM_H

#include "runtime/registry/function.h"

/* No lock held. A timer of `e` fires: when it fires again, CLOCK_NEVER when it is used up. */
uint64_t warm_fire(struct entry *e, uint64_t now);
/* Shard locked, in which `e` was just stored: a fork finds it with its first timer, or not stored. */
void warm_begin(struct function *f, struct entry *e);
/* Shard locked. Nothing new was stored: the timer of `e`, had it fired, is set for `due`. */
void warm_again(struct function *f, struct entry *e, uint64_t due);
/* Shard locked. What is known of the key's timer goes from `old` to `e`, which will stand in its place. */
void warm_carry(struct function *f, struct entry *old, struct entry *e);
/* Shard locked. A failure whose key is kept warm. */
bool warm_failure(struct entry *e);

/* Its timer is used up by a refresh that has not ended. */
bool warm_due(struct entry *e);

#endif
