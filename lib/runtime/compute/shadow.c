#include "shadow.h"
#include "comparison.h"
#include "compute.h"
#include "digest.h"
#include "result.h"
#include "suspect.h"
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

static void count(struct function *f, enum counter c)
{
    atomic_fetch_add(&f->counts[c], 1);
}

/* True: the answer is a suspect. */
static bool weigh(struct flight *fl, bool fresh, bool alike)
{
    struct function *f = fl->function;
    if (comparison_disturbed(fl)) {
        count(f, COUNTER_disturbed);
        return false;
    }
    if (!alike && fresh)
        return true;
    count(f, COUNTER_compared);
    /* Also one that is right may fill the window, most of which was wrong. */
    if (fresh && mode_counts(f, clock_now()) && mode_compared(f, false))
        suspect_tell(f);
    if (!alike)
        count(f, COUNTER_outdated);
    return false;
}

/* An answer: of which call, from which entry, and what it was. */
struct answer {
    const struct swrcache_arg *args, *keyed;
    const void *result;
    uint64_t shape;
    bool fresh;
};

static HAS_CANARY void compare(struct thread *t, struct function *f, const struct answer *a)
{
    struct swrcache_arg own[KEY_MAX_PARAMS];
    uint64_t served, given;
    volatile uint64_t canary;
    unsigned char *raw = NULL;
    struct flight *fl = NULL;
    door_call(t);
    door_hold(t);
    suspect_judge();
    if (suspect_room(f) && digest_of_result(f, a->args, a->result, &served, NULL) &&
        (raw = os_alloc(beside(f, a->args, own, NULL) + f->bits.align)) != NULL &&
        (fl = comparison_open(f, a->keyed, a->shape)) == NULL)
        count(f, COUNTER_disturbed);
    if (fl == NULL) {
        os_free(raw);
        door_answered(t);
        return;
    }
    unsigned char *room = bits_place(raw, f->bits.align);
    memset(room, 0, f->site->result_size);
    beside(f, a->args, own, room);
    fl->room = raw;
    frame_forget_left(t, (uintptr_t)__builtin_frame_address(0));
    struct body body = {.thread = t, .args = own, .result = room, .catches = true};
    if (compute_body(fl, &body)) {
        struct loan *loan = loan_begin(t, &canary);
        struct entry *other = NULL;
        bool wrong = false;
        fl->owner = NULL;
        if (loan != NULL)
            loan_besides(loan, fl, comparison_back);
        if (loan != NULL && !body.threw) {
            if (!fl->failed && !fl->skip && !result_fails(f, room) &&
                digest_of_result(f, own, room, &given, NULL))
                wrong = weigh(fl, a->fresh, served == given);
            if (wrong && f->site->form != SWRCACHE_FORM_OBJECT)
                loan_entry(loan, other = result_keep(f, fl, own, room, NULL, 0, false));
            drop(f, room);
        }
        if (wrong) {
            loan_keep(loan);
            suspect_add(f, fl, other);
        } else if (loan != NULL) {
            loan_end(loan);
        } else {
            comparison_close(fl);
        }
        if (other != NULL)
            cache_unref(other);
    }
    door_answered(t);
}

void shadow_call(struct thread *t, struct function *f, const struct swrcache_arg *args,
                 const struct swrcache_arg *keyed, const void *result)
{
    struct thread_last last = t->last;
    int saved = errno;
    if ((last.outcome != SWR_HIT && last.outcome != SWR_STALE_HIT) || alive_dead() ||
        !function_comparable(f) ||
        atomic_fetch_add_explicit(&f->sampled, 1, memory_order_relaxed) % SHADOW_SAMPLE != 0)
        return;
    struct answer a = {args, keyed, result, last.shape, last.outcome == SWR_HIT};
    if (keyed != NULL)
        compare(t, f, &a);
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
    if (digest_of_entry(f, fl->before, args, &old) && digest_of_entry(f, now, args, &new)) {
        count(f, COUNTER_compared);
        if (old != new)
            count(f, COUNTER_changed);
    }
    loan_keep(loan);
}
