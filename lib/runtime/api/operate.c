#include "operate.h"
#include "batch.h"
#include "runtime/call/call_key.h"
#include "runtime/call/enroll.h"
#include "runtime/call/miss.h"
#include "runtime/call/observe.h"
#include "runtime/call/outcome.h"
#include "runtime/verb/batch_note.h"
#include "runtime/verb/batch_view.h"
#include "runtime/verb/relatives.h"
#include "runtime/verb/verb.h"
#include "runtime/compute/ask.h"
#include "runtime/compute/custom_key.h"
#include "runtime/compute/dependencies.h"
#include "runtime/compute/refresh.h"
#include "runtime/compute/result.h"
#include "runtime/compute/shadow.h"
#include "runtime/cache/age.h"
#include "runtime/cache/lease.h"
#include "runtime/cache/loan.h"
#include "runtime/registry/door.h"
#include "runtime/registry/mode.h"
#include "runtime/pool/pool.h"
#include "base/clock.h"
#include "base/sync.h"

#include <string.h>

static bool is_out(const struct swrcache_param *p)
{
    return p->kind == SWRCACHE_KIND_OUT || p->kind == SWRCACHE_KIND_OUT_BYTES;
}

HAS_CANARY bool operate_peek(struct swrcache_site *site, const struct swrcache_arg *args, void *result)
{
    struct function *f = function_of(site);
    unsigned char stack[KEY_ON_STACK];
    struct key key;
    struct visit visit;
    volatile uint64_t canary;
    if (f == NULL || !door_open(&visit))
        return false;
    struct thread *t = visit.thread;
    bool found = false;
    struct custom_key custom = {.loan = NULL};
    const struct swrcache_arg *keyed = custom_key_args_of(t, f, args, &custom);
    door_begin(&visit);
    if (keyed != NULL && call_key_make(f, keyed, stack, &key)) {
        if (t->bound != NULL)
            dependencies_call(t->bound, f, &key);
        epoch_enter(&t->epoch);
        struct entry *e = call_key_find(f, keyed, &key);
        if (unlikely(t->writing) && e != NULL && (batch_last(f, &key) != NULL || batch_touches(e)))
            e = NULL;
        enum entry_state state = e != NULL ? age_state(f, e, clock_now()) : ENTRY_DEAD;
        if (state == ENTRY_FRESH || state == ENTRY_STALE)
            cache_ref(e);
        else
            e = NULL;
        if (e != NULL && t->bound != NULL)
            dependencies_saw(t->bound, f, e);
        epoch_exit(&t->epoch);
        custom_key_drop(&custom);
        struct loan *loan = e != NULL ? loan_begin(t, &canary) : NULL;
        if (loan != NULL) {
            loan_entry(loan, e);
            found = result_give_room(f, e, args, loan);
            struct outside outside = door_out();
            found = found && result_give(f, e, args, result, loan->what);
            door_in(&outside);
            if (found && (entry_flags(e) & ENTRY_FAILED))
                visit.error = entry_errno(e);
            t->last = (struct thread_last){state == ENTRY_FRESH ? SWR_HIT : SWR_STALE_HIT,
                                           refresh_record_errno(&t->epoch, e), e->shape, clock_now()};
            loan_end(loan);
        } else if (e != NULL) {
            cache_unref(e);
        }
    }
    custom_key_drop(&custom);
    door_leave(&visit);
    return found;
}

/* 1: a call would get an entry. */
static size_t present(struct thread *t, struct function *f, const struct key *key)
{
    epoch_enter(&t->epoch);
    struct entry *e = table_find(&cache_table, atomic_load(&f->identity), key);
    size_t n = e != NULL && age_state(f, e, clock_now()) != ENTRY_DEAD;
    epoch_exit(&t->epoch);
    return n;
}

/*
 * Out-arguments are no part of a key: whatever stands for them here must not make it doubtful, and a key of
 * the user's own may look at it. False: no memory for so much nothing.
 */
static bool without_outs(struct function *f, const struct swrcache_arg *args, struct swrcache_arg *plain,
                         unsigned char **nothing)
{
    size_t most = 1;
    for (uint32_t i = 0; i < f->site->nparams; i++) {
        plain[i] = args[i];
        if (is_out(&f->site->params[i]))
            most = args[i].size > most ? args[i].size : most;
    }
    if (f->custom_key != NULL && f->has_outs)
        *nothing = most <= KEY_MOST ? os_zalloc(most + f->bits.align) : NULL;
    if (f->custom_key != NULL && f->has_outs && *nothing == NULL)
        return false;
    for (uint32_t i = 0; i < f->site->nparams; i++)
        if (is_out(&f->site->params[i]))
            plain[i].data = *nothing != NULL ? bits_place(*nothing, f->bits.align) : (const void *)plain;
    return true;
}

HAS_CANARY size_t operate_run(struct swrcache_site *site, enum swrcache_operation operation,
                              const struct swrcache_arg *args)
{
    struct function *f = function_of(site);
    unsigned char stack[KEY_ON_STACK];
    struct key key;
    struct visit visit;
    volatile uint64_t canary;
    size_t matched = 0;
    if (f == NULL || !door_open(&visit))
        return 0;
    struct thread *t = visit.thread;
    struct custom_key custom = {.loan = NULL};
    struct swrcache_arg plain[KEY_MAX_PARAMS + 1];
    unsigned char *nothing = NULL;
    door_begin(&visit);
    bool without = args == NULL || without_outs(f, args, plain, &nothing);
    struct loan *loan = nothing != NULL ? loan_begin(t, &canary) : NULL;
    if (loan != NULL)
        loan_besides(loan, nothing, os_free);
    else
        os_free(nothing);
    without &= (nothing != NULL) == (loan != NULL);
    door_leave(&visit);
    const struct swrcache_arg *keyed =
        args != NULL && without ? custom_key_args_of(t, f, plain, &custom) : NULL;
    door_begin(&visit);
    if (loan != NULL)
        loan_end(loan);
    struct announcement a = {0};
    if (args == NULL && batch_note(operation, site->name)) {
        matched = verb_several(operation, &f, 1, true);
    } else if (args == NULL) {
        matched = operation == SWRCACHE_OP_INVALIDATE ? verb_invalidate(f, NULL, NULL, false)
                                                      : verb_run(operation, f, NULL, NULL, false);
        announce_call(&a, operation, f, NULL);
    } else if (keyed != NULL) {
        unsigned char *long_key = NULL;
        bool made = call_key_make(f, keyed, stack, &key) && call_key_encode(f, keyed, &key, &long_key);
        if (made && batch_note_key(operation, f, &key)) {
            matched = present(t, f, &key);
        } else if (made) {
            matched = verb_key(f, operation, &key);
            announce_call(&a, operation, f, &key);
        }
        os_free(long_key);
    }
    announce(&a);
    custom_key_drop(&custom);
    door_leave(&visit);
    return matched;
}
