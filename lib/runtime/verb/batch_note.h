/*
 * batch_note.h - what a thread says between begin and commit, noted in the order in which it was said.
 * api/batch.h has what a commit makes of it, batch_view.h what the thread itself sees of it until then. Each
 * thread has at most one batch, which only that thread touches; the first note sets thread.writing.
 */
#ifndef RUNTIME_BATCH_NOTE_H
#define RUNTIME_BATCH_NOTE_H

#include "runtime/cache/audit.h"
#include "runtime/registry/function.h"

/* False: this thread has no batch (or no memory for a note): do it now. `text` and keys are copied. */
bool batch_note(enum swrcache_operation operation, const char *text);

bool batch_note_key(enum swrcache_operation operation, struct function *f, const struct key *key);

/* key NULL: all of `f`. */
bool batch_note_put(struct function *f, const struct key *key, const void *value, size_t value_len,
                    uint64_t ttl_ms);

void batch_begin(void);

bool batch_rollback(void);

void batch_thread_ends(void);

enum note_kind { NOTE_TEXT, NOTE_KEY, NOTE_PUT };

struct note {
    struct note *next;    /* as they were said */
    struct note *earlier; /* the one before it in its bucket, or of a text the text before it */
    uint64_t number;      /* the more, the later */
    enum note_kind kind;
    enum swrcache_operation operation;
    struct function *function; /* held; NULL: of a text */
    uint64_t hash, ttl_ms;
    char caller[AUDIT_CALLER]; /* whose doing it is */
    size_t key_len, value_len;
    unsigned char data[]; /* text; key and value */
};

enum { BATCH_BUCKETS = 256 };

struct batch {
    struct note *first, **last;
    struct note *texts;                  /* the latest */
    struct note *buckets[BATCH_BUCKETS]; /* of keys and puts, by their hash; the latest of each */
    struct target *room;                 /* of batch_view.c, to take a text apart; NULL: not yet */
    uint64_t notes;
    uint32_t depth;
};
/* This thread's, NULL: none; taken away from it. */
struct batch *batch_open(void);
void batch_close(struct batch *b);

#endif
