/*
 * serve.h - a call gets an entry where it is found: in a section of epoch.h, without a lock or a reference.
 */
#ifndef RUNTIME_SERVE_H
#define RUNTIME_SERVE_H

#include "outcome.h"
#include "runtime/compute/dependencies.h"
#include "runtime/compute/result.h"
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
        /* Only a string's malloc() and a decoder may change it. */
        if (f->site->form == SWRCACHE_FORM_VALUE)
            return result_give(f, e, args, result, NULL);
        int saved = errno;
        bool given = result_give(f, e, args, result, NULL);
        errno = saved;
        return given;
    }
    }
}

/*
 * Serves `e` by a decision that says so, as seen at `now`: the value, what swrcache_last() tells, the count
 * and, of a remembered failure, errno. False: no memory, and nothing was done.
 */
static inline __attribute__((always_inline)) bool serve_entry(const struct call *c, struct entry *e,
                                                              enum decision d, uint64_t now)
{
    struct thread *t = c->t;
    enum swrcache_outcome outcome = outcome_of(d);
    if (unlikely(!serve_value(c->f, e, c->args, c->result, 0, false)))
        return false;
    if (unlikely(t->bound != NULL))
        dependencies_saw(t->bound, c->f, e);
    entry_touch(e, thread_count(t, c->f, (enum counter)outcome));
    t->last = (struct thread_last){outcome, refresh_record_seen_errno(e), e->shape, now};
    if (unlikely(entry_flags(e) & ENTRY_FAILED))
        errno = entry_errno(e);
    return true;
}

#endif
