/*
 * reason.h - why the next call of a key gets what it gets, in words and as fields.
 */
#ifndef CONTROL_REASON_H
#define CONTROL_REASON_H

#include "wire.h"
#include "runtime/cache/history.h"

/* Of an entry that is there. `h`: the last note of its key; NULL: none. */
void reason_entry(struct wire_buffer *out, struct function *f, struct entry *e,
                  const struct history_record *h);
/* Of a key without an entry. */
void reason_absent(struct wire_buffer *out, struct function *f, bool inflight,
                   const struct history_record *h);

/* Fields at and ago_ms of a moment of clock_now(). */
void reason_moment(struct wire_buffer *out, uint64_t when);
/* Fields by, by_pid and target of an act: who wanted what. */
void reason_act(struct wire_buffer *out, int who, uint64_t number);

#endif
