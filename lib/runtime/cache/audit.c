#include "audit.h"
#include "runtime/registry/thread.h"
#include "base/clock.h"
#include "base/sync.h"

#include <string.h>

LOCK(audit);                   /* everything here */
static struct audit_act *acts; /* AUDIT_ACTS of them; NULL before the first */
static uint64_t numbered;

static __thread struct {
    uint64_t number;
    int who;
    uint32_t cause; /* a function's number + 1 */
    uint64_t cause_hash;
    const char *caller; /* valid while the thread is at it */
} current __attribute__((tls_model("initial-exec")));

const char *audit_caller(const char *name)
{
    const char *before = current.caller;
    current.caller = name;
    return before;
}

const char *audit_called_by(void)
{
    struct thread *t = thread_current;
    return current.caller != NULL || t == NULL ? current.caller : t->body;
}

void audit_because(uint32_t function, uint64_t hash)
{
    current.cause = function;
    current.cause_hash = hash;
}

uint32_t audit_cause(uint64_t *hash)
{
    *hash = current.cause_hash;
    return current.cause;
}

static uint64_t begin(const struct audit_act *act)
{
    lock_take(&audit_lock);
    if (acts == NULL)
        acts = os_zalloc(AUDIT_ACTS * sizeof *acts);
    uint64_t number = ++numbered;
    SYNC_POINT("audit.locked");
    if (acts != NULL) {
        struct audit_act *slot = &acts[number % AUDIT_ACTS];
        audit_done(slot);
        *slot = *act;
        if (slot->function != NULL)
            function_hold(slot->function);
        slot->number = number;
        slot->when = clock_now();
        const char *caller = act->who == 0 ? audit_called_by() : NULL;
        if (caller != NULL)
            strncpy(slot->caller, caller, AUDIT_CALLER - 1);
    }
    lock_give(&audit_lock);
    current.number = number;
    current.who = act->who;
    return number;
}

uint64_t audit_begin(enum swrcache_operation verb, int who, const char *target)
{
    struct audit_act act = {.verb = verb, .who = who};
    size_t len = strnlen(target, AUDIT_TEXT - 1);
    memcpy(act.text, target, len);
    return begin(&act);
}

uint64_t audit_begin_call(enum swrcache_operation verb, struct function *f, const struct key *key)
{
    struct audit_act act = {.verb = verb, .function = f, .key_len = AUDIT_WHOLE};
    if (current.number != 0)
        return 0;
    if (f == NULL)
        memcpy(act.text, "all", sizeof "all");
    if (key != NULL) {
        act.key_len = key->len <= AUDIT_TEXT ? (uint32_t)key->len : AUDIT_LONG;
        act.key_hash = key->hash;
        if (key->len <= AUDIT_TEXT)
            memcpy(act.text, key->bytes, key->len);
    }
    return begin(&act);
}

void audit_end(uint64_t number, uint64_t matched)
{
    if (number == 0)
        return;
    lock_take(&audit_lock);
    struct audit_act *slot = acts != NULL ? &acts[number % AUDIT_ACTS] : NULL;
    if (slot != NULL && slot->number == number) {
        slot->matched = matched;
        slot->ended = true;
    }
    lock_give(&audit_lock);
    current.number = 0;
    current.who = 0;
}

uint64_t audit_current(int *who)
{
    *who = current.who;
    return current.number;
}

void audit_resume(uint64_t number)
{
    struct audit_act act = {0};
    bool found = audit_find(number, &act);
    current.who = found ? act.who : 0;
    current.number = number;
    audit_done(&act);
}

bool audit_find(uint64_t number, struct audit_act *act)
{
    lock_take(&audit_lock);
    bool found = acts != NULL && number != 0 && acts[number % AUDIT_ACTS].number == number;
    if (found)
        *act = acts[number % AUDIT_ACTS];
    if (found && act->function != NULL)
        function_hold(act->function);
    lock_give(&audit_lock);
    return found;
}

void audit_done(struct audit_act *act)
{
    if (act->function != NULL)
        function_release(act->function);
    act->function = NULL;
}

uint64_t audit_last(void)
{
    lock_take(&audit_lock);
    uint64_t number = numbered;
    lock_give(&audit_lock);
    return number;
}
