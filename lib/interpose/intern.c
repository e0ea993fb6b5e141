#include "interpose.h"
#include "base/os.h"

#include <string.h>

/*
 * Results that the caller must not free are handed out as they are, for as long as the program runs. Lists
 * that only grow need no lock, and a fork finds them whole; two threads may keep the same string twice.
 */
struct kept {
    struct kept *next;
    size_t hash;
    char text[];
};

enum { LISTS = 4096, MOST_BYTES = 16 << 20 };

static _Atomic(struct kept *) lists[LISTS];
static _Atomic size_t bytes;

const char *interpose_intern(const char *text)
{
    size_t hash = 5381, len = 0;
    for (; text[len] != 0; len++)
        hash = hash * 33 + (unsigned char)text[len];
    _Atomic(struct kept *) *list = &lists[(hash ^ hash >> 12) % LISTS];
    struct kept *first = atomic_load_explicit(list, memory_order_acquire);
    for (struct kept *k = first; k != NULL; k = k->next)
        if (k->hash == hash && strcmp(k->text, text) == 0)
            return k->text;
    size_t size = sizeof(struct kept) + len + 1;
    struct kept *k = NULL;
    if (atomic_fetch_add(&bytes, size) + size <= MOST_BYTES)
        k = os_alloc(size);
    if (k == NULL) {
        atomic_fetch_sub(&bytes, size);
        return NULL;
    }
    k->hash = hash;
    memcpy(k->text, text, len + 1);
    k->next = first;
    while (!atomic_compare_exchange_weak(list, &k->next, k))
        ;
    return k->text;
}
