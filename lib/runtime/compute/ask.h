/* ask.h - asking the pool for a refresh: the references that a queued job holds. */
#ifndef RUNTIME_ASK_H
#define RUNTIME_ASK_H

#include "flight.h"

/*
 * Queues a refresh of `e`, whose lease word the caller has set to `lease`. With a flight, others already wait
 * for it. Never blocks. False: queue full or no thread to be had.
 */
bool ask_refresh(struct entry *e, uint64_t lease, struct flight *fl);
/* The same for who was told to refresh: no later call will, so it waits for the queue's short lock. */
bool ask_refresh_now(struct entry *e, uint64_t lease);
/* Sets a timer of `e`. */
void ask_timer(struct entry *e, uint64_t due);

#endif
