#include "shadow.h"
#include "compute.h"
#include "digest.h"
#include "flight.h"
#include "result.h"
#include "runtime/cache/loan.h"
#include "runtime/registry/door.h"
#include "runtime/registry/mode.h"
#include "runtime/setting/option.h"
#include "base/alive.h"
#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_out(const struct swrcache_param *p)
{
    return p->kind == SWRCACHE_KIND_OUT || p->kind == SWRCACHE_KIND_OUT_BYTES;
}

/*
 * The same arguments, out-arguments behind the result in `room` instead, where they begin with what was
 * answered. Gives how much room that takes; with `room` NULL that is all it does.
 */
static size_t beside(const struct function *f, const struct swrcache_arg *args, struct swrcache_arg *own,
                     unsigned char *room)
{
    size_t end = f->site->result_size;
    for (uint32_t i = 0; i < f->site->nparams; i++) {
        const struct swrcache_param *p = &f->site->params[i];
        own[i] = args[i];
        if (!is_out(p))
            continue;
        end = bits_up(end, bits_align(&f->bits, p, i));
        if (room != NULL)
            own[i].data = memcpy(room + end, args[i].data, args[i].size);
        end += args[i].size;
    }
    return end;
}

/* What the function gave for the comparison goes back to where it came from. */
static void drop(struct function *f, void *result)
{
    void *object;
    if (f->site->form == SWRCACHE_FORM_OBJECT && f->codec == NULL) {
        memcpy(&object, result, sizeof object);
        struct outside outside = door_out();
        if (object != NULL)
            f->site->release(object);
        door_in(&outside);
    } else {
        result_discard(f, result);
    }
}

static HAS_CANARY void compare(struct thread *t, struct function *f, const struct swrcache_arg *args,
                               const void *answer)
{
    struct swrcache_arg own[KEY_MAX_PARAMS];
    uint64_t served, given;
    volatile uint64_t canary;
    unsigned char *raw = NULL;
    struct flight *fl = NULL;
    door_call(t);
    door_hold(t);
    if (digest_of_result(f, args, answer, &served, NULL) &&
        (raw = os_alloc(beside(f, args, own, NULL) + f->bits.align)) != NULL)
        fl = flight_apart(f);
    if (fl == NULL) {
        os_free(raw);
        door_answered(t);
        return;
    }
    unsigned char *room = bits_place(raw, f->bits.align);
    memset(room, 0, f->site->result_size);
    beside(f, args, own, room);
    fl->room = raw;
    frame_forget_left(t, (uintptr_t)__builtin_frame_address(0));
    struct body body = {.thread = t, .args = own, .result = room, .catches = true};
    if (compute_body(fl, &body)) {
        flight_settle(fl, FLIGHT_DONE, NULL);
        struct loan *loan = loan_begin(t, &canary);
        if (loan != NULL)
            loan_besides(loan, fl, flight_back);
        if (loan != NULL && !body.threw) {
            if (!fl->failed && !fl->skip && !fl->apart && !result_fails(f, room) &&
                digest_of_result(f, own, room, &given, NULL))
                mode_compared(f, served == given);
            drop(f, room);
        }
        if (loan != NULL)
            loan_end(loan);
        else
            flight_unref(fl);
    }
    door_answered(t);
}

void shadow_call(struct thread *t, struct function *f, const struct swrcache_arg *args, const void *result)
{
    struct thread_last last = t->last;
    int saved = errno;
    if ((last.outcome != SWR_HIT && last.outcome != SWR_STALE_HIT) || alive_dead() ||
        !function_comparable(f) ||
        atomic_fetch_add_explicit(&f->sampled, 1, memory_order_relaxed) % SHADOW_SAMPLE != 0)
        return;
    compare(t, f, args, result);
    t->last = last;
    errno = saved;
}

void shadow_prefill(struct function *f, struct entry *e, const struct swrcache_arg *args)
{
    const unsigned char *at = entry_value(e);
    for (uint32_t i = 0; i < f->site->nparams; i++)
        if (is_out(&f->site->params[i])) {
            memcpy((void *)(uintptr_t)args[i].data, at, args[i].size);
            at += args[i].size;
        }
}

HAS_CANARY void shadow_refreshed(struct function *f, struct flight *fl, struct entry *now,
                                 const struct swrcache_arg *args)
{
    uint64_t old, new;
    volatile uint64_t canary;
    struct loan *loan = function_comparable(f) ? loan_begin(thread_current, &canary) : NULL;
    if (loan == NULL)
        return;
    loan_entry(loan, now);
    loan_besides(loan, fl, flight_back);
    if (digest_of_entry(f, fl->before, args, &old) && digest_of_entry(f, now, args, &new))
        mode_compared(f, old == new);
    loan_keep(loan);
}
