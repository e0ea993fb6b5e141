/*
 * call_key.h - the key of a call under way. It lies on the caller's stack; a key that is too long for that is
 * known by its hash and length until somebody has to store it, so that a hit allocates nothing.
 */
#ifndef RUNTIME_CALL_KEY_H
#define RUNTIME_CALL_KEY_H

#include "runtime/cache/cache.h"
#include "runtime/registry/thread.h"

enum { KEY_ON_STACK = 256 };

/* The entry whose key is `args`, too long to be encoded on the stack. In a section of epoch.h. */
struct entry *call_key_find_lengthy(struct function *f, const struct swrcache_arg *args, uint64_t hash);

bool call_key_make(struct function *f, const struct swrcache_arg *args, unsigned char *stack,
                   struct key *key);
bool call_key_encode(struct function *f, const struct swrcache_arg *args, struct key *key,
                     unsigned char **own);
struct entry *call_key_find(struct function *f, const struct swrcache_arg *args, const struct key *key);
unsigned char *call_key_keep(struct thread *t, unsigned char *key);
void call_key_drop(struct thread *t, unsigned char *outer);

#endif
