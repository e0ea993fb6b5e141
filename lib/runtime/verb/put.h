/*
 * put.h - storing what nobody computes: the value that a program puts into a region's dictionary.
 */
#ifndef RUNTIME_PUT_H
#define RUNTIME_PUT_H

#include "runtime/registry/function.h"

/* The thread is in the runtime. False: no memory, or too large. */
bool put_entry(struct function *f, const struct key *key, const void *value, size_t value_len,
               uint64_t ttl_ms);

#endif
