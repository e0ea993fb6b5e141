#define _GNU_SOURCE
#include "reason.h"
#include "reply.h"
#include "request.h"
#include "runtime/compute/dependencies.h"
#include "runtime/cache/audit.h"
#include "runtime/cache/decision.h"
#include "runtime/cache/refresh_record.h"
#include "runtime/registry/mode.h"
#include "runtime/registry/resolve.h"
#include "core/print.h"
#include "base/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { WHY_TEXT = 768, SPAN_TEXT = 24, ERRNO_TEXT = 32 };

struct why {
    char text[WHY_TEXT];
    size_t len;
};

__attribute__((format(printf, 2, 3))) static void say(struct why *w, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(w->text + w->len, sizeof w->text - w->len, format, args);
    va_end(args);
    if (n > 0)
        w->len += (size_t)n < sizeof w->text - w->len ? (size_t)n : sizeof w->text - w->len - 1;
}

static const char *span(char *text, uint64_t ns)
{
    uint64_t ms = ns / NS_PER_MS, s = ms / 1000;
    if (s == 0)
        snprintf(text, SPAN_TEXT, "%llu ms", (unsigned long long)ms);
    else if (s < 120)
        snprintf(text, SPAN_TEXT, "%llu s", (unsigned long long)s);
    else if (s < 7200)
        snprintf(text, SPAN_TEXT, "%llu min", (unsigned long long)(s / 60));
    else
        snprintf(text, SPAN_TEXT, "%llu h", (unsigned long long)(s / 3600));
    return text;
}

#if defined(__GLIBC_PREREQ)
#if __GLIBC_PREREQ(2, 32)
extern __typeof__(strerrorname_np) strerrorname_np __attribute__((weak));
#endif
#endif

static const char *error_name(char *text, int error)
{
    const char *name = NULL;
#if defined(__GLIBC_PREREQ)
#if __GLIBC_PREREQ(2, 32)
    if (strerrorname_np != NULL)
        name = strerrorname_np(error);
#endif
#endif
    if (name != NULL && error != 0)
        snprintf(text, ERRNO_TEXT, "%s", name);
    else
        snprintf(text, ERRNO_TEXT, "errno %d", error);
    return text;
}

static uint64_t since(uint64_t when)
{
    uint64_t now = clock_now();
    return now > when ? now - when : 0;
}

void reason_moment(struct wire_buffer *out, uint64_t when)
{
    struct timespec t;
    uint64_t ago = since(when);
    clock_gettime(CLOCK_REALTIME, &t);
    wire_number(out, "at", (uint64_t)t.tv_sec - ago / (1000 * NS_PER_MS));
    wire_number(out, "ago_ms", ago / NS_PER_MS);
}

static bool act_target(uint64_t number, char *text, size_t room)
{
    struct audit_act act;
    if (!audit_find(number, &act))
        return false;
    if (act.function == NULL) {
        snprintf(text, room, "%s", (const char *)act.text);
    } else if (act.key_len <= AUDIT_TEXT) {
        struct key key = {act.key_hash, act.key_len, act.text};
        reply_key_text(act.function, &key, text, room);
    } else {
        snprintf(text, room, "%s%s", act.function->site->name, act.key_len == AUDIT_LONG ? "(...)" : "");
    }
    audit_done(&act);
    return true;
}

/* The writer or cached function whose doing it was. */
static bool caller_of(uint64_t number, char caller[AUDIT_CALLER])
{
    struct audit_act act;
    if (!audit_find(number, &act))
        return false;
    memcpy(caller, act.caller, AUDIT_CALLER);
    audit_done(&act);
    return caller[0] != 0;
}

void reason_act(struct wire_buffer *out, int who, uint64_t number)
{
    char target[KEY_TEXT], caller[AUDIT_CALLER];
    wire_field(out, "by", who != 0 ? "control" : "call");
    if (caller_of(number, caller))
        wire_field(out, "caller", caller);
    if (who > 0)
        wire_number(out, "by_pid", (uint64_t)who);
    if (act_target(number, target, sizeof target))
        wire_field(out, "target", target);
}

static void say_who(struct why *w, const struct history_record *h)
{
    char target[ERROR_TEXT], ago[SPAN_TEXT], caller[AUDIT_CALLER];
    say(w, " %s ago ", span(ago, since(h->when)));
    if (h->cause != 0) {
        reply_hash_text(function_at(h->cause - 1), h->cause_hash, target, sizeof target);
        say(w, "because the value of %s changed", target);
        return;
    }
    say(w, "by ");
    if (h->who > 0)
        say(w, "process %d over the control socket", h->who);
    else if (h->who == REQUEST_UNSEEN)
        say(w, "a process of another namespace over the control socket");
    else if (caller_of(h->act, caller))
        say(w, "a call in %s", caller);
    else
        say(w, "a call in the program");
    if (act_target(h->act, target, sizeof target))
        say(w, " (%s)", target);
}

static void say_refresh(struct why *w, struct entry *e, enum decision decision, uint64_t now)
{
    char name[ERRNO_TEXT], left[SPAN_TEXT];
    struct refresh_record *record = refresh_record_of(e);
    uint8_t failures = record != NULL ? atomic_load(&record->failures) : 0;
    if (failures != 0)
        say(w, "%u refresh%s failed, the last with %s; ", failures, failures == 1 ? "" : "es",
            error_name(name, atomic_load(&record->refresh_errno)));
    uint64_t due = entry_ns(lease_word(e) & ENTRY_TIME);
    if (decision == DECISION_STALE)
        say(w, "the next call gets the old value; a refresh is under way");
    else if (decision == DECISION_STALE_RESTING || decision == DECISION_OLD)
        say(w, "the next call gets the old value; the next refresh is due in %s",
            span(left, due > now ? due - now : 0));
    else
        say(w, "the next call gets the old value and starts a refresh");
}

static void say_old(struct why *w, struct function *f, struct entry *e, enum decision decision, uint64_t now)
{
    if (f->dictionary) {
        say(w, "it is found no more until it is put again");
        return;
    }
    switch (decision) {
    case DECISION_OLD:
        say(w, "past its stale window; ");
        say_refresh(w, e, decision, now);
        break;
    case DECISION_WAIT:
        say(w,
            "past its stale window, the next call waits for the refresh that is under way and gets the old "
            "value only if that fails or takes too long");
        break;
    case DECISION_RENEW:
        say(w, "past its stale window, the next call computes and gets the old value only if that fails or "
               "takes too long");
        break;
    case DECISION_COMPUTE:
        say(w, "too old for any use, the next call computes");
        break;
    default:
        say_refresh(w, e, decision, now);
        break;
    }
}

/* `key` NULL: not known. */
static void say_mode(struct why *w, struct function *f, const struct key *key)
{
    uint64_t word = mode_of(f);
    enum function_mode kind = mode_kind(word);
    bool plain = kind == FUNCTION_OFF || kind == FUNCTION_OBSERVE;
    if (plain)
        say(w, "%s is %s: the next call goes straight to the function; were it on: ", f->site->name,
            mode_stopped(f)        ? "off by shadow, as its answers differed from what it gives"
            : kind == FUNCTION_OFF ? "off"
                                   : "in mode observe");
    else if (mode_percent(word) != MODE_ALL && key == NULL)
        say(w, "%u %% of the keys are cached; if this is one: ", mode_percent(word));
    else if (key != NULL && !mode_takes_key(f, word, key))
        say(w,
            "not among the %u %% of the keys that are cached: the next call goes straight to the function; "
            "were it: ",
            mode_percent(word));
}

/* Why it is fresh for less than its ttl, where jitter alone is not the reason. */
static const char *say_less(struct function *f, struct entry *e)
{
    uint64_t ttl =
        entry_has_own_times(e) ? entry_more(e)->own_ttl_ms * NS_PER_MS : setting_of(f, SETTING_of_ttl);
    uint64_t spread = ttl / 100 * setting_of(f, SETTING_of_jitter_pct) + clock_lag();
    bool less = !f->dictionary && ttl != CLOCK_NEVER && ttl > spread &&
                entry_fresh_until(e) < clock_add(entry_born(e), ttl - spread);
    return less ? ", for less than its ttl, as something it stands on ends sooner" : "";
}

void reason_entry(struct wire_buffer *out, struct function *f, struct entry *e,
                  const struct history_record *h)
{
    struct why w = {.len = 0};
    char text[SPAN_TEXT], name[ERRNO_TEXT];
    uint8_t flags = entry_flags(e);
    struct age_policy policy = age_policy_of(f);
    uint64_t now = clock_now(), until = age_ended(&policy, e);
    enum decision decision = decision_at(&policy, e, now, 0);
    bool by_hand = (flags & ENTRY_EXPIRED) != 0;
    struct key key = entry_key(e);
    say_mode(&w, f, &key);
    if (decision == DECISION_FRESH) {
        if (flags & ENTRY_FAILED)
            say(&w, "a remembered failure (%s): the next call gets it", error_name(name, entry_errno(e)));
        else
            say(&w, "fresh%s: the next %s gets the stored value", say_less(f, e),
                f->dictionary ? "get" : "call");
    } else {
        say(&w, "expired");
        if (by_hand && h != NULL && h->what == HISTORY_EXPIRED)
            say_who(&w, h);
        else if (by_hand)
            say(&w, " by somebody");
        else
            say(&w, " %s ago by age", span(text, since(until)));
        say(&w, ": ");
        say_old(&w, f, e, decision, now);
    }
    wire_field(out, "why", w.text);
    if (decision == DECISION_FRESH || (by_hand && (h == NULL || h->what != HISTORY_EXPIRED)))
        return;
    reason_moment(out, by_hand ? h->when : until);
    if (by_hand && h->cause != 0) {
        char changed[KEY_TEXT];
        reply_hash_text(function_at(h->cause - 1), h->cause_hash, changed, sizeof changed);
        wire_field(out, "by", "change");
        wire_field(out, "target", changed);
    } else if (by_hand)
        reason_act(out, h->who, h->act);
}

static void say_evicted(struct why *w, const struct history_record *h, const char *ago)
{
    const char *const names[] = {"max_entries", "max_bytes", "SWR_MAX_ENTRIES", "SWR_MAX_BYTES"};
    say(w, "evicted %s ago to keep %s%s=%llu", ago, h->whole ? "" : "the function's ",
        names[2 * h->whole + h->bound.bytes], (unsigned long long)h->bound.most);
}

static void say_note(struct why *w, const struct history_record *h)
{
    char ago[SPAN_TEXT], name[ERRNO_TEXT];
    span(ago, since(h->when));
    switch (h->what) {
    case HISTORY_INVALIDATED:
        say(w, "invalidated");
        say_who(w, h);
        break;
    case HISTORY_FENCED:
        say(w, "not stored: invalidated while it was computed,");
        say_who(w, h);
        break;
    case HISTORY_EXPIRED:
        say(w, "expired");
        say_who(w, h);
        say(w, " and gone since");
        break;
    case HISTORY_EVICTED:
        say_evicted(w, h, ago);
        break;
    case HISTORY_FAILED:
        say(w, "not stored: failed with %s %s ago", error_name(name, h->error), ago);
        break;
    case HISTORY_SKIPPED:
        say(w, "not stored: skipped by the function %s ago", ago);
        break;
    case HISTORY_CROWDED:
        say(w, "not stored: texts that were given out as cstr took all their room %s ago", ago);
        break;
    case HISTORY_TOO_LARGE:
        say(w, "not stored: too large for max_bytes or max_entries %s ago", ago);
        break;
    case HISTORY_UNNAMED:
        say(w, "not stored: a tag that its body gave it is empty, or longer than 1023 characters, %s ago",
            ago);
        break;
    case HISTORY_TOO_MANY:
        say(w, "not stored: more than %d tags and keys that it stands on, %s ago", FLIGHT_NAMES, ago);
        break;
    case HISTORY_RETIRED:
        say(w,
            "not stored: memory of former results could not be given back while a thread stood still in a "
            "call (SWR_MAX_BYTES), %s ago",
            ago);
        break;
    case HISTORY_NO_ROOM:
        say(w, "not stored: no memory %s ago", ago);
        break;
    }
}

void reason_absent(struct wire_buffer *out, struct function *f, bool inflight, const struct history_record *h)
{
    struct why w = {.len = 0};
    say_mode(&w, f, NULL);
    if (h != NULL)
        say_note(&w, h);
    else
        say(&w, "never %s%s", f->dictionary ? "put" : "computed",
            history_complete() ? "" : ", or too long ago to be remembered");
    say(&w, f->dictionary ? ": it is not found"
            : inflight    ? ": it is being computed now, the next call waits for that"
                          : ": the next call computes");
    wire_field(out, "why", w.text);
    if (h == NULL)
        return;
    reason_moment(out, h->when);
    if (h->act != 0)
        reason_act(out, h->who, h->act);
    if (h->what == HISTORY_FAILED)
        wire_number(out, "failed_errno", (uint64_t)h->error);
}
