#include "batch_note.h"
#include "runtime/compute/compute.h"
#include "runtime/cache/audit.h"
#include "runtime/cache/commit_gate.h"
#include "runtime/registry/door.h"
#include "runtime/setting/option.h"
#include "base/alive.h"

#include <string.h>

static __thread struct batch *open_ __attribute__((tls_model("initial-exec")));

static struct note *note(size_t len)
{
    if (open_ == NULL || commit_gate_mine())
        return NULL;
    struct note *n = os_zalloc(sizeof *n + len);
    if (n == NULL)
        return NULL;
    if (audit_called_by() != NULL)
        strncpy(n->caller, audit_called_by(), AUDIT_CALLER - 1);
    *open_->last = n;
    open_->last = &n->next;
    n->number = ++open_->notes;
    thread_current->writing = true;
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
    n->earlier = open_->texts;
    open_->texts = n;
    return true;
}

static struct note *note_of_key(struct function *f, const struct key *key, size_t more)
{
    struct note *n = note(key->len + more);
    if (n == NULL)
        return NULL;
    function_hold(f);
    n->function = f;
    n->hash = key->hash;
    n->key_len = key->len;
    memcpy(n->data, key->bytes, key->len);
    struct note **bucket = &open_->buckets[key->hash % BATCH_BUCKETS];
    n->earlier = *bucket;
    *bucket = n;
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

static void drop(struct batch *b)
{
    for (struct note *n = b->first, *next; n != NULL; n = next) {
        next = n->next;
        if (n->function != NULL)
            function_release(n->function);
        os_free(n);
    }
    os_free(b->room);
    os_free(b);
}

void batch_begin(void)
{
    struct visit visit;
    if (!door_enter(&visit))
        return;
    if (open_ == NULL && (open_ = os_zalloc(sizeof *open_)) != NULL)
        open_->last = &open_->first;
    if (open_ != NULL) { /* otherwise each verb takes effect by itself */
        open_->depth++;
        atomic_store(&visit.thread->batch, true);
    }
    door_leave(&visit);
}

bool batch_rollback(void)
{
    struct visit visit;
    if (open_ == NULL || !door_enter(&visit))
        return false;
    /* A body may have looked at what goes back now, by itself and not by a cached call. */
    if (visit.thread->writing)
        compute_apart(visit.thread);
    batch_close(open_);
    door_leave(&visit);
    return true;
}

void batch_thread_ends(void)
{
    if (open_ != NULL && !alive_dead())
        batch_close(open_);
}

struct batch *batch_open(void)
{
    return open_;
}

void batch_close(struct batch *b)
{
    open_ = NULL;
    if (thread_current != NULL) {
        thread_current->writing = false;
        atomic_store(&thread_current->batch, false);
    }
    drop(b);
}
