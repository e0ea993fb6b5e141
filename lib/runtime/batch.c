#include "batch.h"
#include "audit.h"
#include "base/alive.h"
#include "dictionary.h"
#include "option.h"
#include "reach.h"
#include "thread.h"
#include "base/cancel.h"

#include <errno.h>
#include <string.h>

enum note_kind { NOTE_TEXT, NOTE_KEY, NOTE_PUT };

struct note {
    struct note *next;
    enum note_kind kind;
    enum swrcache_operation operation;
    struct function *function;
    uint64_t hash, ttl_ms;
    char caller[AUDIT_CALLER]; /* whose doing it is */
    size_t key_len, value_len;
    unsigned char data[]; /* text; key and value */
};

struct batch {
    struct note *first, **last;
    uint32_t depth;
};

static struct lock commit_lock; /* one commit at a time */
_Atomic uint32_t batch_committing;
static __thread struct batch *open_ __attribute__((tls_model("initial-exec")));
static __thread bool committer __attribute__((tls_model("initial-exec")));

static struct note *note(size_t len)
{
    if (open_ == NULL || committer)
        return NULL;
    struct note *n = os_zalloc(sizeof *n + len);
    if (n == NULL)
        return NULL;
    if (audit_called_by() != NULL)
        strncpy(n->caller, audit_called_by(), AUDIT_CALLER - 1);
    *open_->last = n;
    open_->last = &n->next;
    return n;
}

bool batch_note(enum swrcache_operation operation, const char *text)
{
    struct note *n = note(strlen(text) + 1);
    if (n == NULL)
        return false;
    n->kind = NOTE_TEXT;
    n->operation = operation;
    memcpy(n->data, text, strlen(text) + 1);
    return true;
}

static struct note *note_of_key(struct function *f, const struct key *key, size_t more)
{
    struct note *n = note(key->len + more);
    if (n == NULL)
        return NULL;
    n->function = f;
    n->hash = key->hash;
    n->key_len = key->len;
    memcpy(n->data, key->bytes, key->len);
    return n;
}

bool batch_note_key(enum swrcache_operation operation, struct function *f, const struct key *key)
{
    struct note *n = note_of_key(f, key, 0);
    if (n == NULL)
        return false;
    n->kind = NOTE_KEY;
    n->operation = operation;
    return true;
}

bool batch_note_put(struct function *f, const struct key *key, const void *value, size_t value_len,
                    uint64_t ttl_ms)
{
    struct note *n = note_of_key(f, key, value_len);
    if (n == NULL)
        return false;
    n->kind = NOTE_PUT;
    n->operation = SWRCACHE_OP_INVALIDATE;
    n->ttl_ms = ttl_ms;
    n->value_len = value_len;
    if (value_len != 0)
        memcpy(n->data + key->len, value, value_len);
    return true;
}

static void take_out(const struct note *n)
{
    const char *before = audit_caller(n->caller[0] != 0 ? n->caller : NULL);
    if (n->kind != NOTE_TEXT) {
        struct key key = {n->hash, n->key_len, n->data};
        verb_key(n->function, n->operation, &key);
    } else {
        reach_text(n->operation, (const char *)n->data);
    }
    audit_caller(before);
}

static void drop(struct batch *b)
{
    for (struct note *n = b->first, *next; n != NULL; n = next) {
        next = n->next;
        os_free(n);
    }
    os_free(b);
}

void batch_begin(void)
{
    struct cancel cancel;
    if (alive_dead())
        return;
    cancel_off(&cancel);
    if (open_ == NULL && (open_ = os_zalloc(sizeof *open_)) != NULL)
        open_->last = &open_->first;
    if (open_ != NULL) /* otherwise each verb takes effect by itself */
        open_->depth++;
    cancel_back(&cancel);
}

bool batch_commit(void)
{
    struct thread *t = thread_current != NULL ? thread_current : thread_join();
    struct batch *b = open_;
    int saved = errno;
    if (b == NULL || t == NULL || t->busy || alive_dead())
        return false;
    if (--b->depth != 0)
        return true;
    struct cancel cancel;
    cancel_off(&cancel);
    t->busy = true;
    lock_take(&commit_lock);
    committer = true;
    atomic_store(&batch_committing, 1);
    for (struct note *n = b->first; n != NULL; n = n->next)
        take_out(n);
    for (struct note *n = b->first; n != NULL; n = n->next) {
        struct key key = {n->hash, n->key_len, n->data};
        if (n->kind == NOTE_PUT)
            dictionary_store(n->function, &key, n->data + n->key_len, n->value_len, n->ttl_ms);
    }
    atomic_store(&batch_committing, 0);
    os_futex_wake(&batch_committing, INT32_MAX);
    committer = false;
    lock_give(&commit_lock);
    t->busy = false;
    open_ = NULL;
    drop(b);
    cancel_back(&cancel);
    errno = saved;
    return true;
}

bool batch_rollback(void)
{
    struct batch *b = open_;
    struct cancel cancel;
    if (b == NULL || alive_dead())
        return false;
    cancel_off(&cancel);
    open_ = NULL;
    drop(b);
    cancel_back(&cancel);
    return true;
}

bool batch_wait(void)
{
    if (committer)
        return false;
    while (atomic_load(&batch_committing) != 0)
        os_futex_wait(&batch_committing, 1, UINT64_MAX);
    return true;
}

void batch_thread_ends(void)
{
    batch_rollback();
}

void batch_fork_child(void)
{
    lock_reset(&commit_lock);
    atomic_store(&batch_committing, 0);
}
