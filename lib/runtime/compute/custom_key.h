/*
 * custom_key.h - keys that the user's own function makes (SWR_KEY).
 *
 * To the table, to targets and to the tools such a key is one argument of bytes. A refresh calls the body
 * with the arguments of the call that was computed, so an entry carries them, encoded, behind its opaque
 * values.
 */
#ifndef RUNTIME_CUSTOM_KEY_H
#define RUNTIME_CUSTOM_KEY_H

#include "runtime/registry/thread.h"

/* At enrolment: the shapes of keys and arguments. A key whose parameters do not fit is told and left alone.
 */
void custom_key_shape(struct function *f);
bool custom_key_fits(const struct swrcache_key *key, const struct swrcache_site *site);

/* On the stack of a function that is HAS_CANARY (loan.h). */
struct custom_key {
    struct swrcache_arg arg;
    struct loan *loan; /* of memory for what did not fit; NULL: it fits */
    volatile uint64_t canary;
    _Alignas(BITS_ALIGN_LEAST) unsigned char bytes[256];
};
/* Runs the user's function, outside the runtime. False: this call is not cached. Always drop it. */
bool custom_key_make(struct thread *t, struct function *f, const struct swrcache_arg *args,
                     struct custom_key *custom);
/* The same for who takes either: the arguments themselves unless a key is to be made; NULL: not cached. */
const struct swrcache_arg *custom_key_args_of(struct thread *t, struct function *f,
                                              const struct swrcache_arg *args, struct custom_key *custom);
/* Of NULL: nothing. May be dropped again. */
void custom_key_drop(struct custom_key *custom);
/* It was not dropped, or that did not matter: `arg` can still be read. Of NULL: yes. */
static inline bool custom_key_there(const struct custom_key *custom)
{
    return custom == NULL || custom->loan != NULL || custom->arg.data == custom->bytes;
}

/* What the arguments take in an entry; 0 for functions without a key of their custom, below zero: no room. */
ptrdiff_t custom_key_carried(struct function *f, const struct swrcache_arg *args);
bool custom_key_carry(struct function *f, const struct swrcache_arg *args, struct entry *e);
/* The encoded arguments of an entry: what it carries, or its key. */
struct key custom_key_args(struct function *f, struct entry *e);

#endif
