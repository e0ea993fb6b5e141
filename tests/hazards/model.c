/*
 * S38: random calls around the borders of the ages, with bodies that fail and that take time, against a model
 * of what DESIGN says of ages that knows nothing of the runtime.
 *
 * usage: model [STEPS [SEED]]
 *
 * Time is the test's. The model keeps when each value's computation began. Times are kept in steps of a
 * quarter of a millisecond, rounded down: what began on a step has borders exact to the nanosecond; of others
 * they may come up to two steps early, never late.
 */
#include "hazard.h"

#include "base/clock.h"

enum { KEYS = 6, KINDS = 4, STEP_NS = 250000 };
enum age { FRESH, STALE, FALLBACK, DEAD };

static int64_t now, takes; /* ns since the start; what the next body takes */
static bool failing;
static _Atomic int bodies, worlds;
static __thread int here; /* bodies that ran on this thread */

static int body(void)
{
    bodies++;
    here++;
    int seen = ++worlds;
    clock_advance((uint64_t)takes);
    return failing ? -seen : seen;
}

#define SURE                                                                                                 \
    .jitter_pct = 0, .wait_ms = SWR_FOREVER, .fails = SWR_FAILS_NEGATIVE, .retry_ms = 40, .retry_max_ms = 100

SWR_CACHED(int, usual, (SWR_VAL(int, n)), .ttl_ms = 100, .stale_ms = 300, .stale_if_error_ms = 900, SURE)
{
    return n < 0 ? n : body();
}

SWR_CACHED(int, never_stale, (SWR_VAL(int, n)), .ttl_ms = 70, .stale_ms = 0, .stale_if_error_ms = 500, SURE)
{
    return n < 0 ? n : body();
}

SWR_CACHED(int, no_fallback, (SWR_VAL(int, n)), .ttl_ms = 50, .stale_ms = 200, .stale_if_error_ms = 0, SURE)
{
    return n < 0 ? n : body();
}

SWR_CACHED(int, fresh_or_dead, (SWR_VAL(int, n)), .ttl_ms = 1, .stale_ms = 0, .stale_if_error_ms = 0, SURE)
{
    return n < 0 ? n : body();
}

static const struct {
    int64_t ttl, stale, dead; /* the borders, as ages in ns */
} kinds[KINDS] = {
    {100 * NS_PER_MS, 400 * NS_PER_MS, 1000 * NS_PER_MS},
    {70 * NS_PER_MS, 70 * NS_PER_MS, 570 * NS_PER_MS},
    {50 * NS_PER_MS, 250 * NS_PER_MS, 250 * NS_PER_MS},
    {1 * NS_PER_MS, 1 * NS_PER_MS, 1 * NS_PER_MS},
};

struct value {
    bool there;
    int value, failures;
    int64_t born, again; /* again: no refresh before */
};

static struct value values[KINDS][KEYS];
static int64_t calls_by_age[DEAD + 1], on_a_border;

static int call(int kind, int key)
{
    return kind == 0   ? usual(key)
           : kind == 1 ? never_stale(key)
           : kind == 2 ? no_fallback(key)
                       : fresh_or_dead(key);
}

static int64_t slack(int64_t at)
{
    return at % STEP_NS == 0 ? 0 : 2 * STEP_NS;
}

/* May a value of this age be called so? */
static bool may_be(int kind, const struct value *v, enum age age)
{
    int64_t old = now - v->born, early = slack(v->born);
    int64_t from[] = {0, kinds[kind].ttl, kinds[kind].stale, kinds[kind].dead, INT64_MAX};
    if (!v->there)
        return age == DEAD;
    return from[age] < from[age + 1] && old < from[age + 1] && old >= from[age] - (age == FRESH ? 0 : early);
}

static void settle(int kind, struct value *v, int64_t began, bool failed)
{
    if (!failed) {
        *v = (struct value){.there = true, .value = worlds, .born = began};
        return;
    }
    int64_t pause = 40 * (int64_t)NS_PER_MS;
    for (int i = 0; i < v->failures; i++)
        pause *= 2;
    v->failures += v->failures < 2;
    v->again = now + (pause > 100 * (int64_t)NS_PER_MS ? 100 * (int64_t)NS_PER_MS : pause);
    v->there = v->there && !(now - v->born >= kinds[kind].dead);
}

/* One call: what it gave, whether the body ran, and where, must be what an age that is possible asks for. */
static bool step(int kind, int key)
{
    struct value *v = &values[kind][key];
    int before = bodies;
    here = 0;
    int got = call(kind, key);
    enum swrcache_outcome how = outcome();
    int ran_here = here;
    bool drained = swrcache_drain(60000);
    int ran = bodies - before;
    int64_t began = now;
    enum age age = how == SWR_HIT            ? FRESH
                   : how == SWR_STALE_HIT    ? STALE
                   : how == SWR_FALLBACK_HIT ? FALLBACK
                                             : DEAD;
    if (how == SWR_MISS && ran_here == 0)
        age = FALLBACK; /* the pool computed while the caller waited: the old value was there */
    bool possible = may_be(kind, v, age);
    bool must_not = now < v->again - slack(v->again), must = now >= v->again;
    on_a_border += v->there && (began - v->born == kinds[kind].ttl || began - v->born == kinds[kind].stale ||
                                began - v->born == kinds[kind].dead);
    calls_by_age[age]++;
    now += ran * takes;
    switch (age) {
    case FRESH:
        possible &= ran == 0 && got == v->value;
        break;
    case STALE:
        possible &= got == v->value && ran_here == 0 && !(ran > 0 && must_not) && !(ran == 0 && must);
        break;
    case FALLBACK:
        possible &= how == SWR_MISS ? ran == 1 && !failing && got == worlds && !must_not
                                    : got == v->value && (ran > 0 ? failing && !must_not : !must);
        break;
    default:
        possible &= how == SWR_MISS && ran == 1 && got == (failing ? -worlds : worlds);
    }
    if (!drained || ran > 1 || !possible) {
        fprintf(stderr,
                "kind %d, key %d: age %lld ns, outcome %d, value %d for %d, %d bodies, %d of them here, %s\n",
                kind, key, (long long)(v->there ? began - v->born : -1), how, got, v->value, ran, ran_here,
                failing ? "failing" : "well");
        return false;
    }
    if (ran > 0) {
        if (age == DEAD)
            *v = (struct value){.there = false};
        settle(kind, v, began, failing);
    }
    return true;
}

static unsigned seed;

static int64_t below(int64_t n)
{
    return ((int64_t)rand_r(&seed) << 31 ^ rand_r(&seed)) % n;
}

static void pass(int64_t ns)
{
    if (ns > 0) {
        clock_advance((uint64_t)ns);
        now += ns;
    }
}

/* To a nanosecond before a border of a value, onto it, or behind it; or just some time. */
static void move(int kind, int key)
{
    const struct value *v = &values[kind][key];
    int64_t border[] = {kinds[kind].ttl, kinds[kind].stale, kinds[kind].dead, v->again - v->born};
    switch (below(4)) {
    case 0:
        pass(below(300 * NS_PER_MS));
        break;
    case 1:
        pass(STEP_NS - now % STEP_NS);
        break;
    default:
        pass(v->born + border[below(4)] + below(3) - 1 - now);
    }
}

int main(int argc, char **argv)
{
    with_manual_clock(argv);
    watchdog(110);
    int steps = argc > 1 ? atoi(argv[1]) : SANITIZED ? 10000 : 100000;
    seed = argc > 2 ? (unsigned)atoi(argv[2]) : (unsigned)getpid();
    unsigned given = seed;
    for (int i = 0; i < steps && hazard_failures == 0; i++) {
        int kind = (int)below(KINDS), key = (int)below(KEYS);
        move(kind, key);
        if (below(2) == 0 && now % STEP_NS != 0)
            pass(STEP_NS - now % STEP_NS);
        failing = below(3) == 0;
        takes = below(2) == 0   ? 0
                : below(8) == 0 ? below(1500 * NS_PER_MS)
                                : below(2) * 100 * (int64_t)NS_PER_MS + below(3);
        for (int calls = (int)below(3); calls >= 0 && hazard_failures == 0; calls--)
            CHECK(step(kind, key));
    }
    for (enum age age = FRESH; age <= DEAD; age++)
        CHECK(calls_by_age[age] > steps / 100);
    CHECK(on_a_border > steps / 100);
    if (hazard_failures != 0)
        fprintf(stderr, "seed %u\n", given);
    return finish("ages and their model");
}
