/*
 * differential.c - the cache against a model of it (model.h): random operations on one thread and a clock
 * that stands still, every answer and every entry compared.
 *
 * usage: differential [OPERATIONS [SEED]]
 *
 * Operations come in cases of CASE, each in a world of its own. What does not agree is cut down to the fewest
 * operations that show it (shrink.h), and these are printed.
 */
#include "../promises/promise.h"

#include "core/mark.h"
#include "runtime/cache/age.h"
#include "runtime/cache/cache.h"
#include "runtime/cache/retune.h"
#include "runtime/registry/resolve.h"
#include "runtime/setting/setting.h"

#include <sys/wait.h>

#include "shrink.h"

enum { CASE = 500, NOTES = 64 };

static const char *wrong; /* what did not agree; NULL: all does */
static long wrong_is, wrong_should;

#define AGREE(is, should) agree(#is, (long)(is), (long)(should))
static void agree(const char *what, long is, long should)
{
    if (is == should || wrong != NULL)
        return;
    wrong = what;
    wrong_is = is;
    wrong_should = should;
}

/* Bodies answer by the model's world; what they call is the cache's. */
#define AGES(t, s, e) .ttl_ms = t, .stale_ms = s, .stale_if_error_ms = e, .retry_ms = 0, .jitter_pct = 0
static long asked_note(int k)
{
    char key = (char)('a' + k);
    long value = -1;
    return swrcache_get("m.d", &key, 1, &value, sizeof value) < 0 ? -1 : value;
}

SWR_REGION_POLICY("m.d", .ttl_ms = 155);

SWR_CACHED(long, leaf, (SWR_VAL(int, k)), AGES(105, 100, 405), .region = "m.a")
{
    swrcache_tag("third:%d", k % 3);
    if (m.fails[k])
        swrcache_fail();
    return m.fails[k] ? -1 : m.world[LEAF][k] * 100 + k;
}

SWR_CACHED(long, pair, (SWR_VAL(int, k)), AGES(205, 0, 0), .region = "m.b", .tags = "fixed",
           .refresh = SWR_REFRESH_CALLER, .invalidate_on = "pair.gone", .expire_on = "pair.old")
{
    return m.world[PAIR][k] * 100 + k;
}

SWR_CACHED(long, outer, (SWR_VAL(int, k)), AGES(305, 1000, 0), .region = "m.b.c")
{
    return leaf(k) * 10 + pair(k);
}

SWR_CACHED(long, top, (SWR_VAL(int, k)), AGES(SWR_FOREVER, 100, 0))
{
    long sum = outer(k % 3);
    return sum + asked_note(k % 4);
}

SWR_CACHED(long, small, (SWR_VAL(int, k)), AGES(SWR_FOREVER, 0, 0), .region = "m.s", .max_entries = 4)
{
    return m.world[SMALL][k] * 100 + k;
}

static const char *const names[FUNCTIONS] = {"leaf", "pair", "outer", "top", "m.d", "small"};
static struct function *functions[FUNCTIONS];

static long call(int f, int k)
{
    return f == LEAF ? leaf(k) : f == PAIR ? pair(k) : f == OUTER ? outer(k) : f == TOP ? top(k) : small(k);
}

static size_t by_key(int verb, int f, int k)
{
    switch (f) {
    case LEAF:
        return verb == INVALIDATE ? SWR_INVALIDATE(leaf, k) : SWR_EXPIRE(leaf, k);
    case PAIR:
        return verb == INVALIDATE ? SWR_INVALIDATE(pair, k) : SWR_EXPIRE(pair, k);
    case OUTER:
        return verb == INVALIDATE ? SWR_INVALIDATE(outer, k) : SWR_EXPIRE(outer, k);
    default:
        return verb == INVALIDATE ? SWR_INVALIDATE(top, k) : SWR_EXPIRE(top, k);
    }
}

static size_t by_text(int verb, const char *format, int n)
{
    return verb == INVALIDATE ? swrcache_invalidate(format, n) : swrcache_expire(format, n);
}

static const char *const regions[] = {"region:m",     "region:m.a", "region:m.b",
                                      "region:m.b.c", "region:m.d", "region:m.s"};
static const unsigned within[] = {1 << LEAF | 1 << PAIR | 1 << OUTER | 1 << NOTE | 1 << SMALL,
                                  1 << LEAF,
                                  1 << PAIR | 1 << OUTER,
                                  1 << OUTER,
                                  1 << NOTE,
                                  1 << SMALL};
static const struct {
    const char *name;
    unsigned reach;
    int verb;
} events[] = {{"pair.gone", 1 << PAIR, INVALIDATE},
              {"pair.old", 1 << PAIR, EXPIRE},
              {"a.gone", 1 << LEAF, INVALIDATE},
              {"nobody", 0, INVALIDATE}};

static struct operation notes[NOTES];
static int noted, depth;

static int model_several(int verb, unsigned reach, bool dry)
{
    int matched = 0;
    for (int f = 0; f < FUNCTIONS; f++)
        if (reach >> f & 1)
            matched += model_whole(verb, f, true);
    for (int f = 0; f < FUNCTIONS && !dry; f++)
        if (reach >> f & 1)
            model_whole(verb, f, false);
    return matched;
}

static int model_do(const struct operation *o, bool dry)
{
    switch (o->kind) {
    case DO_KEY:
        return model_verb(o->verb, o->f, o->k, o->k, true, dry);
    case DO_WHOLE:
        return model_whole(o->verb, o->f, dry);
    case DO_ONE:
        return model_verb(o->verb, o->f, o->k, o->k, false, dry);
    case DO_FROM:
        return model_verb(o->verb, o->f, o->k, KEYS - 1, false, dry);
    case DO_REGION:
        return model_several(o->verb, within[o->n], dry);
    case DO_TAG:
        return model_tag(o->verb, o->n, dry);
    case DO_EVENT:
        return model_several(events[o->n].verb, events[o->n].reach, dry);
    case DO_DELETE:
        return dry ? model_state(NOTE, o->k) == FRESH : model_verb(INVALIDATE, NOTE, o->k, o->k, true, false);
    default:
        return model_several(o->verb, (1 << FUNCTIONS) - 1, dry);
    }
}

static size_t runtime_do(const struct operation *o)
{
    char text[64], key = (char)('a' + o->k);
    switch (o->kind) {
    case DO_KEY:
        return by_key(o->verb, o->f, o->k);
    case DO_WHOLE:
        if (o->f == LEAF)
            return o->verb == INVALIDATE ? SWR_INVALIDATE_ALL(leaf) : SWR_EXPIRE_ALL(leaf);
        return by_text(o->verb, names[o->f], 0);
    case DO_ONE:
    case DO_FROM:
        snprintf(text, sizeof text, "%s(%s%%d)", names[o->f], o->kind == DO_FROM ? ">=" : "");
        return by_text(o->verb, text, o->k);
    case DO_REGION:
        return by_text(o->verb, regions[o->n], 0);
    case DO_TAG:
        return by_text(o->verb, o->n == TAG_FIXED ? "tag:fixed" : "tag:third:%d", o->n);
    case DO_EVENT:
        return swrcache_emit("%s", events[o->n].name);
    case DO_DELETE:
        return swrcache_delete("m.d", &key, 1);
    default:
        return by_text(o->verb, "all", 0);
    }
}

static void verb(const struct operation *o)
{
    if (depth != 0 && (noted == NOTES || (o->kind == DO_DELETE && noted != 0)))
        return; /* what a thread's own batch has of a dictionary: ../invalidation/own.c */
    if (depth != 0)
        notes[noted++] = *o;
    int matched = model_do(o, depth != 0);
    AGREE(runtime_do(o), matched);
}

static void put(const struct operation *o)
{
    char key = (char)('a' + o->k);
    long value = o->value;
    if (depth != 0 && noted == NOTES)
        return;
    AGREE(swrcache_put("m.d", &key, 1, &value, sizeof value, (uint64_t)o->n), true);
    if (depth != 0)
        notes[noted++] = *o;
    else
        model_put(o->k, value, o->n);
}

static void commit(void)
{
    AGREE(swrcache_commit(), depth != 0);
    if (depth == 0 || --depth != 0)
        return;
    /* As if each had been said alone, in this order. */
    for (int i = 0; i < noted; i++) {
        if (notes[i].kind == DO_PUT) {
            model_verb(INVALIDATE, NOTE, notes[i].k, notes[i].k, true, false);
            model_put(notes[i].k, notes[i].value, notes[i].n);
        } else {
            model_do(&notes[i], false);
        }
    }
    /* What a later one has made old is not put at all. */
    for (int i = 0; i < noted; i++)
        if (notes[i].kind == DO_PUT && model_state(NOTE, notes[i].k) != FRESH)
            model_verb(INVALIDATE, NOTE, notes[i].k, notes[i].k, true, false);
    noted = 0;
}

struct seen {
    enum entry_state state;
    long value;
};

static void see(struct function *f, struct entry *e, void *cookie)
{
    struct seen(*seen)[KEYS] = cookie;
    struct key key = entry_key(e);
    int n = 0, k = 0;
    while (n < FUNCTIONS && functions[n] != f)
        n++;
    if (n == FUNCTIONS || !entry_is_of(e, atomic_load(&f->identity)))
        return;
    if (n == NOTE)
        k = key.bytes[key.len - 1] - 'a';
    else
        memcpy(&k, key.bytes + key.len - sizeof k, sizeof k);
    AGREE(k >= 0 && k < KEYS && seen[n][k].value == LONG_MIN, true);
    if (wrong != NULL)
        return;
    seen[n][k].state = age_state(f, e, clock_now());
    memcpy(&seen[n][k].value, entry_value(e), sizeof seen[n][k].value);
}

static void compare(bool evicting, int most)
{
    struct seen seen[FUNCTIONS][KEYS];
    int kept = 0;
    for (int f = 0; f < FUNCTIONS; f++)
        for (int k = 0; k < KEYS; k++)
            seen[f][k] = (struct seen){ENTRY_DEAD, LONG_MIN};
    cache_each(see, seen);
    for (int k = 0; k < KEYS; k++) {
        struct entry_model *e = &m.entries[SMALL][k];
        bool there = seen[SMALL][k].value != LONG_MIN;
        kept += there;
        if (evicting && !there)
            e->there = false;
    }
    AGREE(kept <= most, true);
    for (int f = 0; f < FUNCTIONS; f++)
        for (int k = 0; k < KEYS; k++) {
            struct entry_model *e = &m.entries[f][k];
            AGREE(seen[f][k].value, e->there ? e->value : LONG_MIN);
            AGREE(seen[f][k].state, model_state(f, k));
        }
}

static int most = 4;

static void resize(int n)
{
    struct function *f = functions[SMALL];
    most = n;
    f->set.values[SETTING_of_max_entries] = (uint64_t)n;
    f->set.set |= 1u << SETTING_of_max_entries;
    setting_resolve(f);
    cache_retune(f);
}

static void apply(const struct operation *o);

/* What the child takes back is taken back here too; what it puts makes what is here old. */
static void relative_does(const struct operation *o, int *open, struct operation *notes_, int *count)
{
    struct operation taken = *o;
    switch (o->kind) {
    case DO_BEGIN:
        ++*open;
        return;
    case DO_ROLLBACK:
        *open = *count = 0;
        return;
    case DO_COMMIT:
        if (*open == 0 || --*open != 0)
            return;
        for (int i = 0; i < *count; i++)
            model_do(&notes_[i], false);
        *count = 0;
        return;
    case DO_PUT:
        taken.kind = DO_DELETE;
        break;
    default:
        if (o->kind < DO_DELETE || o->kind > DO_EVERYTHING)
            return;
    }
    if (*open == 0)
        model_do(&taken, false);
    else if (o->kind == DO_DELETE && *count != 0)
        return; /* verb() leaves it out as well */
    else if (*count < NOTES)
        notes_[(*count)++] = taken;
}

/* A child has it all, and goes its own way but for what is taken back: forked processes are one family. */
static void fork_off(uint32_t seed)
{
    int status = -1, open = depth, count = noted;
    struct operation theirs[NOTES];
    uint64_t rolled = seed;
    pid_t child = fork();
    if (child == 0) {
        uint64_t state = seed;
        for (int i = 0; i < 20 && wrong == NULL; i++) {
            struct operation o = operation_roll(&state);
            if (o.kind != DO_FORK)
                apply(&o);
        }
        if (wrong != NULL)
            fprintf(stderr, "in the child: %s is %ld, should be %ld\n", wrong, wrong_is, wrong_should);
        _exit(wrong != NULL);
    }
    waitpid(child, &status, 0);
    AGREE(status, 0);
    for (int i = 0; i < noted; i++) {
        theirs[i] = notes[i];
        if (notes[i].kind == DO_PUT)
            theirs[i].kind = DO_DELETE;
    }
    for (int i = 0; i < 20; i++) {
        struct operation o = operation_roll(&rolled);
        relative_does(&o, &open, theirs, &count);
    }
    swrcache_has("m.d", "a", 1); /* comes in by the door, where it is obeyed */
}

static void apply(const struct operation *o)
{
    char key = (char)('a' + o->k);
    bool hit = false, failed, evicting = o->kind == DO_RESIZE || (o->kind == DO_CALL && o->f == SMALL);
    long value = -1;
    switch (o->kind) {
    case DO_CALL:
        if (noted != 0)
            break;
        value = call(o->f, o->k);
        swrcache_drain(60000);
        hit = outcome() == SWR_HIT || outcome() == SWR_STALE_HIT || outcome() == SWR_FALLBACK_HIT;
        AGREE(outcome() == SWR_BYPASS || outcome() == SWR_COALESCED, false);
        {
            bool should;
            AGREE(value, model_call(o->f, o->k, NULL, &should));
            AGREE(hit, should);
        }
        break;
    case DO_FORCED:
        if (noted != 0)
            break; /* own writes: ../invalidation/own.c */
        AGREE(SWR_FORCED(leaf, &value, o->k), !m.fails[o->k]);
        model_compute(LEAF, o->k, NULL, &failed);
        break;
    case DO_REFRESH:
        if (depth != 0)
            break; /* begun by the commit, it would race with the rest of the batch */
        AGREE(SWR_REFRESH(leaf, o->k), model_state(LEAF, o->k) != DEAD);
        swrcache_drain(60000);
        if (model_state(LEAF, o->k) != DEAD)
            model_compute(LEAF, o->k, NULL, &failed);
        break;
    case DO_WRITE:
        m.world[o->f][o->k]++;
        break;
    case DO_FAIL:
        m.fails[o->k] = !m.fails[o->k];
        break;
    case DO_ADVANCE:
        swrcache_advance((uint64_t)o->n);
        m.now += o->n;
        break;
    case DO_PUT:
        put(o);
        break;
    case DO_GET:
        if (noted != 0)
            break; /* own writes: ../invalidation/own.c */
        AGREE(asked_note(o->k), model_get(o->k, NULL));
        break;
    case DO_HAS:
        if (noted != 0)
            break; /* own writes: ../invalidation/own.c */
        AGREE(swrcache_has("m.d", &key, 1), model_state(NOTE, o->k) == FRESH);
        break;
    case DO_BEGIN:
        swrcache_begin();
        depth++;
        break;
    case DO_COMMIT:
        commit();
        break;
    case DO_ROLLBACK:
        AGREE(swrcache_rollback(), depth != 0);
        depth = noted = 0;
        break;
    case DO_RESIZE:
        resize(o->n);
        break;
    case DO_FORK:
        fork_off((uint32_t)o->value);
        break;
    default:
        verb(o);
    }
    swrcache_drain(60000);
    model_drain();
    compare(evicting, most);
}

static void start_case(void)
{
    while (swrcache_rollback())
        continue;
    swrcache_invalidate("all");
    m = (struct model){0};
    noted = depth = 0;
    wrong = NULL;
    resize(4);
}

/* Marks share places in the runtime, and a computation is then taken for older than it is. Not here. */
static void gather(struct function *f, struct entry *e, void *cookie)
{
    uint64_t **at = cookie;
    *(*at)++ = mark_key(f->number, entry_hash(e)).id % 4096;
}

static bool prepare(void)
{
    uint64_t places[FUNCTIONS * (KEYS + 1)], *end = places;
    for (int f = 0; f < FUNCTIONS; f++)
        for (int k = 0; k < KEYS; k++)
            f == NOTE ? (long)swrcache_put("m.d", &(char){(char)('a' + k)}, 1, "", 1, 0) : call(f, k);
    swrcache_region_invalidate_on("m.a", "a.gone");
    cache_each(gather, &end);
    for (uint32_t i = 0; i < function_count(); i++) {
        for (int f = 0; f < FUNCTIONS; f++)
            if (strcmp(function_at(i)->site->name, names[f]) == 0)
                functions[f] = function_at(i);
        *end++ = mark_any(i).id % 4096;
    }
    for (uint64_t *a = places; a < end; a++)
        for (uint64_t *b = places; b < a; b++)
            if (*a == *b)
                return false;
    return true;
}

/* How many of them agreed. */
static size_t run(const struct operation *operations, size_t count)
{
    size_t i = 0;
    start_case();
    while (i < count && wrong == NULL)
        apply(&operations[i++]);
    return wrong == NULL ? count : i - 1;
}

int main(int argc, char **argv)
{
    static struct operation operations[CASE];
    unsigned long left = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000, done = 0;
    unsigned long seed = argc > 2 ? strtoul(argv[2], NULL, 10) : (unsigned long)getpid();
    uint64_t state = seed * 2 + 1;
    setenv("SWR_THREADS", "1", 1);
    with_manual_clock(argv);
    if (!prepare())
        execv("/proc/self/exe", argv);
    if (argc > 2 && strcmp(argv[1], "replay") == 0) {
        size_t count = shrink_read(atoi(argv[2]), operations, CASE);
        return run(operations, count) != count;
    }
    printf("seed %lu\n", seed);
    while (done < left) {
        for (int i = 0; i < CASE; i++)
            operations[i] = operation_roll(&state);
        size_t agreed = run(operations, CASE);
        done += agreed;
        if (agreed == CASE)
            continue;
        printf("after %lu operations: %s is %ld, should be %ld\n", done, wrong, wrong_is, wrong_should);
        size_t count = shrink(operations, agreed + 1);
        for (size_t i = 0; i < count; i++)
            operation_print(&operations[i]);
        return 1;
    }
    printf("%lu operations agree\n", done);
    return finish("the model");
}
