#include "batch.h"
#include "runtime/verb/apply.h"
#include "runtime/verb/batch_view.h"
#include "runtime/verb/put.h"
#include "runtime/verb/relatives.h"
#include "runtime/cache/audit.h"
#include "runtime/cache/commit_gate.h"
#include "runtime/registry/door.h"
#include "runtime/setting/option.h"
#include "base/sync.h"

#include <string.h>

static void take_out(const struct note *n)
{
    const char *before = audit_caller(n->caller[0] != 0 ? n->caller : NULL);
    if (n->kind != NOTE_TEXT) {
        struct key key = {n->hash, n->key_len, n->data};
        verb_key(n->function, n->operation, &key);
    } else {
        apply_text(n->operation, (const char *)n->data);
    }
    audit_caller(before);
}

static void add(struct announcement *a, const struct batch *b, bool by_key)
{
    const struct function *last = NULL;
    for (const struct note *n = b->first; n != NULL; n = n->next) {
        struct key key = {n->hash, n->key_len, n->data};
        if (n->kind == NOTE_TEXT)
            announce_text(a, n->operation, (const char *)n->data, NULL);
        else if (by_key || n->function != last || n->operation != SWRCACHE_OP_INVALIDATE)
            announce_call(a, n->operation, n->function, by_key ? &key : NULL);
        last = n->kind != NOTE_TEXT ? n->function : last;
    }
}

/* The relatives, in one announcement; a batch that does not fit names whole functions. */
static void tell(const struct batch *b)
{
    struct announcement a = {0};
    add(&a, b, true);
    if (a.full) {
        announce_drop(&a);
        add(&a, b, false);
    }
    announce(&a);
}

bool batch_commit(void)
{
    struct batch *b = batch_open();
    struct visit visit;
    if (b == NULL || !door_open(&visit))
        return false;
    if (--b->depth != 0)
        return true;
    door_begin(&visit);
    commit_gate_close();
    for (struct note *n = b->first; n != NULL; n = n->next)
        take_out(n);
    SYNC_POINT("commit.between");
    for (struct note *n = b->first; n != NULL; n = n->next) {
        struct key key = {n->hash, n->key_len, n->data};
        if (n->kind == NOTE_PUT && batch_last(n->function, &key) == n)
            put_entry(n->function, &key, n->data + n->key_len, n->value_len, n->ttl_ms);
    }
    commit_gate_open();
    tell(b);
    batch_close(b);
    door_leave(&visit);
    return true;
}
