#include "reply.h"
#include "request.h"
#include "runtime/compute/custom_key.h"
#include "runtime/cache/age.h"
#include "runtime/cache/cache.h"
#include "runtime/cache/refresh_record.h"
#include "core/print.h"
#include "base/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { VALUE_TEXT = 256 };

void reply_error(struct wire_buffer *out, const char *format, ...)
{
    char text[ERROR_TEXT];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    for (char *s = text; *s != 0; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7F)
            *s = '?';
    out->len = out->record = 0;
    out->full = false;
    out->max = WIRE_OUT_MAX;
    wire_text(out, "error ");
    wire_text(out, text);
}

void reply_ok(struct wire_buffer *out)
{
    out->max = WIRE_OUT_MAX; /* the room kept for the status */
    wire_text(out, "ok");
}

void reply_ms(struct wire_buffer *out, const char *name, uint64_t ns)
{
    if (ns == CLOCK_NEVER)
        wire_field(out, name, "inf");
    else
        wire_number(out, name, ns / NS_PER_MS);
}

void reply_key_text(struct function *f, const struct key *key, char *text, size_t room)
{
    struct print p;
    print_start(&p, text, room);
    print_key(&p, f->site->name, &f->shape, key, function_secret(f));
}

static bool same_hash(const struct entry *e, uint64_t identity, const void *what)
{
    return entry_is_of(e, identity) && entry_hash((struct entry *)(uintptr_t)e) == *(const uint64_t *)what;
}

void reply_hash_text(struct function *f, uint64_t hash, char *text, size_t room)
{
    uint32_t shard = table_shard_of(hash);
    table_lock(&cache_table, shard);
    struct entry *e = table_find_by(&cache_table, atomic_load(&f->identity), hash, same_hash, &hash);
    if (e != NULL)
        cache_ref(e);
    table_unlock(&cache_table, shard);
    if (e == NULL) {
        snprintf(text, room, "%.150s(gone)", f->site->name);
        return;
    }
    struct key key = entry_key(e);
    reply_key_text(f, &key, text, room);
    cache_unref(e);
}

static const char *const state_names[] = {"fresh", "stale", "fallback", "dead"};

static void entry_times(struct wire_buffer *out, struct function *f, struct entry *e, uint64_t now)
{
    struct age_policy policy = age_policy_of(f);
    enum entry_state state = age_at(&policy, e, now, 0);
    struct age_ends all = age_ends(&policy, e);
    const uint64_t ends[] = {all.fresh, all.stale, all.dead};
    wire_field(out, "state", state_names[state]);
    wire_number(out, "age_ms", now > entry_born(e) ? (now - entry_born(e)) / NS_PER_MS : 0);
    if (state != ENTRY_DEAD) {
        uint64_t end = ends[state];
        reply_ms(out, "left_ms", end == CLOCK_NEVER ? end : end > now ? end - now : 0);
    }
    struct refresh_record *record = refresh_record_of(e);
    if (record != NULL && atomic_load(&record->failures) != 0) {
        wire_number(out, "failures", atomic_load(&record->failures));
        wire_number(out, "refresh_errno", atomic_load(&record->refresh_errno));
    }
}

void reply_entry(struct wire_buffer *out, struct function *f, struct entry *e)
{
    char text[KEY_TEXT];
    struct key key = entry_key(e);
    uint8_t flags = entry_flags(e);
    reply_key_text(f, &key, text, sizeof text);
    wire_field(out, "function", f->site->name);
    wire_field(out, "key", text);
    if (f->shape.versioned && key.len >= sizeof(int64_t)) {
        int64_t version;
        memcpy(&version, key.bytes, sizeof version);
        snprintf(text, sizeof text, "%lld", (long long)version);
        wire_field(out, "version", text);
    }
    entry_times(out, f, e, clock_now());
    wire_number(out, "hits", entry_hits(e));
    wire_number(out, "size", entry_bytes(e));
    wire_number(out, "cost_us", entry_cost_us(e));
    if (flags & ENTRY_FAILED)
        wire_number(out, "failed_errno", entry_errno(e));
    if (function_secret(f)) {
        wire_field(out, "value", "***");
    } else {
        struct print p;
        print_start(&p, text, VALUE_TEXT);
        struct key args = custom_key_args(f, e);
        print_value(&p, f->site, &f->args, &args, entry_value(e), entry_value_len(e),
                    (flags & ENTRY_NULL) != 0);
        wire_field(out, "value", text);
    }
}
