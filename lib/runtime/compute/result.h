/*
 * result.h - a function's result between caller, body and entry.
 *
 * A value's bytes:  | OUT and OUT_BYTES parameters, in order | result: by value, characters and NUL, pointer
 * | An object with a codec: its encoded bytes.
 */
#ifndef RUNTIME_RESULT_H
#define RUNTIME_RESULT_H

#include "flight.h"
#include "runtime/cache/loan.h"
#include "core/entry.h"

/* Whether the policy calls this result a failure: by the user's own test, outside the runtime; by its value.
 */
bool result_said_failed(struct function *f, const void *result);
bool result_fails(struct function *f, const void *result);
/* Of .fails the name, if no result of such a function can be that; else NULL. */
const char *result_never_fails(const struct swrcache_site *s, enum swrcache_fails fails);
/* A new entry of what the body left in args and result; an object's pointer moves in. Padding in them
 * becomes zero. `more`: it is to have
 * a struct entry_more. NULL: no memory. */
struct entry *result_keep(struct function *f, const struct flight *fl, const struct swrcache_arg *args,
                          void *result, const struct mark_name *names, uint32_t nnames, bool more);
/* Hands an entry's value to a caller; a string or object gets its own copy. False: no memory. `room`: what
 * result_give_room() has put into the loan; for functions with a codec alone. */
bool result_give(struct function *f, struct entry *e, const struct swrcache_arg *args, void *result,
                 void *room);
bool result_give_room(struct function *f, struct entry *e, const struct swrcache_arg *args,
                      struct loan *loan);

/* The object's bytes in memory of ours, for os_free(); SIZE_MAX: none to be had. The user's code runs outside
 * the runtime, and need not come back: `bytes` lies in a loan. */
size_t result_encode(struct function *f, const void *object, void **bytes);

/* The user's function frees an object that nobody asked for just now: an exception out of it ends here. */
void result_release(struct function *f, void *object);
/* A plain call's object went to the caller as it is; here a copy goes, and the master stays in the entry. */
void result_share_object(struct function *f, void *result);
/* A body's string, or an object that is kept as bytes, that no caller takes. */
void result_discard(struct function *f, void *result);

#endif
