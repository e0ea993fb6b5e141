/*
 * dictionary.h - regions as dictionaries: bytes put under bytes, in the same table, with the same bounds,
 * inspection, invalidation and events as results of functions.
 *
 * A region's dictionary is a function that nobody computes, by the region's name, of one parameter `key`.
 * What is put is fresh for its time and then gone. A body that gets a value stands on it.
 */
#ifndef RUNTIME_DICTIONARY_H
#define RUNTIME_DICTIONARY_H

#include "runtime/registry/function.h"

/* The api's. */
bool dictionary_put(const char *region, const void *key, size_t key_len, const void *value, size_t value_len,
                    uint64_t ttl_ms);
ssize_t dictionary_get(const char *region, const void *key, size_t key_len, void *buffer, size_t room);
bool dictionary_has(const char *region, const void *key, size_t key_len);
bool dictionary_remove(const char *region, const void *key, size_t key_len);

#endif
