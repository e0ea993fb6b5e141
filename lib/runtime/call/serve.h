/*
 * serve.h - a call gets an entry where it is found: in a section of epoch.h, without a lock or a reference.
 */
#ifndef RUNTIME_SERVE_H
#define RUNTIME_SERVE_H

#include "runtime/compute/result.h"
#include "runtime/cache/decision.h"
#include "base/bytes.h"

#include <errno.h>
#include <string.h>

/*
 * Hands the value over; errno stays. `key_len`: the caller's, else 0. The entry has the same, but it is not
 * read there: the value would be fetched only when the entry's first line is. False: no memory.
 */
static inline __attribute__((always_inline)) bool serve_value(struct function *f, struct entry *e,
                                                              const struct swrcache_arg *args, void *result,
                                                              size_t key_len, bool word)
{
    const unsigned char *value = e->data + (key_len != 0 ? key_len : entry_key_len(e));
    if (word || f->give == GIVE_WORD) {
        memcpy(result, value, 8);
        return true;
    }
    switch (f->give) {
    case GIVE_HALF:
        memcpy(result, value, 4);
        return true;
    case GIVE_SOME:
        bytes_copy(result, value, f->site->result_size);
        return true;
    default: {
        int saved = errno; /* a string's malloc() may change it */
        bool given = result_give(f, e, args, result);
        errno = saved;
        return given;
    }
    }
}

/*
 * Serves `e` by a decision that says so, as seen at `now`: the value, what swrcache_last() tells, the count
 * and, of a remembered failure, errno. False: no memory, and nothing was done.
 */
bool serve_entry(struct thread *t, struct function *f, struct entry *e, const struct swrcache_arg *args,
                 void *result, enum decision d, uint64_t now);

#endif
