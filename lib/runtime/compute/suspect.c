#include "suspect.h"
#include "custom_key.h"
#include "runtime/registry/difference.h"
#include "runtime/registry/mode.h"
#include "runtime/registry/thread.h"
#include "runtime/setting/complaint.h"
#include "core/print.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/os.h"

#include <stdio.h>
#include <string.h>

enum { SUSPECTS = 512, SUSPECTS_OF_ONE = 16 };

struct suspect {
    struct suspect *next;
    struct function *function;
    struct flight *fl; /* still open */
    uint64_t due, latest;
    bool counts; /* mode.h */
    struct difference difference;
};

LOCK(suspects);
/* The next that is due first; the lock. Who is put off is due after all others. */
static struct suspect *first, **last = &first;
static uint32_t count;
/* When that is, for who looks without the lock; CLOCK_NEVER: there is none. */
static _Atomic uint64_t next_due = CLOCK_NEVER;

bool suspect_room(struct function *f)
{
    return atomic_load_explicit(&f->suspected, memory_order_relaxed) < SUSPECTS_OF_ONE;
}

/* False: there are too many. */
static bool put(struct suspect *s)
{
    lock_take(&suspects_lock);
    bool room = count < SUSPECTS;
    if (room) {
        s->next = NULL;
        *last = s;
        last = &s->next;
        count++;
        atomic_store(&next_due, first->due);
    }
    lock_give(&suspects_lock);
    return room;
}

static struct suspect *take_due(uint64_t now)
{
    lock_take(&suspects_lock);
    struct suspect *s = first != NULL && first->due <= now ? first : NULL;
    if (s != NULL) {
        first = s->next;
        if (first == NULL)
            last = &first;
        count--;
        atomic_store(&next_due, first != NULL ? first->due : CLOCK_NEVER);
    }
    lock_give(&suspects_lock);
    return s;
}

static void print_value_of(struct function *f, struct entry *e, char *text)
{
    struct print p;
    print_start(&p, text, DIFFERENCE_VALUE);
    if (e == NULL) {
        print_text(&p, "another");
    } else if (function_secret(f)) {
        print_text(&p, "***");
    } else {
        struct key args = custom_key_args(f, e);
        print_value(&p, f->site, &f->args, &args, entry_value(e), entry_value_len(e),
                    (entry_flags(e) & ENTRY_NULL) != 0);
    }
}

void suspect_add(struct function *f, struct flight *fl, struct entry *given)
{
    struct suspect *s = os_alloc(sizeof *s);
    struct print p;
    if (s == NULL) {
        comparison_close(fl);
        return;
    }
    uint64_t now = clock_now(), born = entry_born(fl->before);
    *s = (struct suspect){.function = f,
                          .fl = fl,
                          .due = clock_add(now, SUSPECT_WAIT),
                          .latest = clock_add(now, SUSPECT_LONGEST),
                          .counts = mode_counts(f, now)};
    s->difference.age = now > born ? now - born : 0;
    print_start(&p, s->difference.key, sizeof s->difference.key);
    print_key(&p, f->site->name, &f->shape, &fl->key, function_secret(f));
    print_value_of(f, fl->before, s->difference.kept);
    print_value_of(f, given, s->difference.given);
    cache_unref(fl->before);
    fl->before = NULL;
    atomic_fetch_add(&f->suspected, 1);
    if (put(s))
        return;
    atomic_fetch_sub(&f->suspected, 1);
    comparison_close(fl);
    os_free(s);
}

/* Somebody may yet say that what was compared is old: in a writer's body, or in an open batch. */
static bool changes_under_way(void)
{
    bool found = false;
    for (struct thread *t = thread_first(); t != NULL && !found; t = t->next)
        found = atomic_load_explicit(&t->batch, memory_order_relaxed) || frame_changes(t);
    return found;
}

bool suspect_text(struct function *f, char text[SUSPECT_TEXT])
{
    struct difference d;
    unsigned compared, wrong = mode_wrong(f, &compared);
    bool stopped = mode_stopped(f), known = difference_last(f, &d);
    int n;
    if (!stopped && (!known || mode_kind(mode_of(f)) != FUNCTION_SHADOW))
        return false;
    if (stopped)
        n = snprintf(
            text, SUSPECT_TEXT,
            "%.100s: shadow: %u of the last %u fresh answers differed from the function's; it is not "
            "cached any more",
            f->site->name, wrong, compared);
    else
        n = snprintf(text, SUSPECT_TEXT,
                     "%.100s: shadow: %llu of %llu answers differed from the function's while fresh",
                     f->site->name, (unsigned long long)function_counter(f, COUNTER_differed),
                     (unsigned long long)function_counter(f, COUNTER_compared));
    if (known)
        snprintf(text + n, SUSPECT_TEXT - (size_t)n, "; last %s: %s, %llu ms old, where the function gave %s",
                 d.key, d.kept, (unsigned long long)(d.age / NS_PER_MS), d.given);
    return true;
}

void suspect_tell(struct function *f)
{
    char text[SUSPECT_TEXT];
    if (suspect_text(f, text))
        option_tell("%s", text);
}

static void call_wrong(struct suspect *s)
{
    struct function *f = s->function;
    atomic_fetch_add(&f->counts[COUNTER_compared], 1);
    atomic_fetch_add(&f->counts[COUNTER_differed], 1);
    bool news = difference_note(f, &s->difference);
    news |= s->counts && mode_compared(f, true);
    if (news)
        suspect_tell(f);
}

/* False: not yet. */
static bool judge(struct suspect *s, uint64_t now)
{
    if (comparison_disturbed(s->fl))
        atomic_fetch_add(&s->function->counts[COUNTER_disturbed], 1);
    else if (now < s->latest && changes_under_way())
        return false;
    else
        call_wrong(s);
    return true;
}

void suspect_judge(void)
{
    uint64_t now = clock_now();
    struct suspect *s;
    if (now < atomic_load_explicit(&next_due, memory_order_relaxed))
        return;
    while ((s = take_due(now)) != NULL) {
        if (!judge(s, now)) {
            s->due = clock_add(now, SUSPECT_WAIT);
            if (put(s))
                continue;
        }
        atomic_fetch_sub(&s->function->suspected, 1);
        comparison_close(s->fl);
        os_free(s);
    }
}
