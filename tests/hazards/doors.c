/*
 * S78: code of the user that is asked for something while a call is answered, and leaves by every door there
 * is: by longjmp, by a C++ exception, by pthread_exit() and by cancellation. Afterwards the thread is served
 * as before, nobody waits for it, and nothing is kept.
 */
#include "doors.h"

#include "base/alloc.h"
#include "base/epoch.h"
#include "runtime/cache/commit_gate.h"
#include "runtime/compute/flight.h"
#include "runtime/registry/thread.h"

/* A worker that is new, or two, has counters of its own; of each round nothing is left. */
enum { ROUNDS = 300, LEFT_MOST = 12 << 10, LONG = 900 };

struct box {
    _Atomic int refs;
    int n;
};
static struct box boxes[4] = {{.n = 0}, {.n = 1}, {.n = 2}, {.n = 3}};

static void *box_copy(const void *box)
{
    asked(COPY);
    return (void *)(uintptr_t)box;
}

static _Atomic int released, amid_commits;

static void box_release(void *box)
{
    (void)box;
    released++;
    amid_commits += commit_gate_mine();
    asked(RELEASE);
}

/* Longer than what is encoded at the first try, and copied on the stack. */
static size_t box_encode(const void *box, void *buffer, size_t room)
{
    asked(ENCODE);
    if (room >= LONG) {
        memset(buffer, 0, LONG);
        memcpy(buffer, &box, sizeof box);
    }
    return LONG;
}

static void *box_decode(const void *bytes, size_t len)
{
    void *box = NULL;
    asked(DECODE);
    if (len == LONG)
        memcpy(&box, bytes, sizeof box);
    return box;
}

SWR_CODEC(box_codec, void, box_encode, box_decode);
SWR_ENCODER(box_encoder, void, box_encode);

SWR_KEY(by_text, (SWR_VAL(int, n)), buffer, room)
{
    asked(KEY);
    if (room > 256)
        asked(KEY_AGAIN);
    return (size_t)snprintf(buffer, room, "%0*d", LONG, n);
}

static bool never(void)
{
    asked(UNLESS);
    return false;
}

static bool has_failed(const void *result)
{
    (void)result;
    asked(FAILED);
    return failing;
}

#define TIMES .ttl_ms = 1000, .stale_ms = 1000, .stale_if_error_ms = 100000, .jitter_pct = 0, .retry_ms = 0

SWR_CACHED_OBJECT(struct box, object, (SWR_VAL(int, n)), box_copy, box_release, TIMES)
{
    if (failing)
        swrcache_fail();
    return &boxes[n];
}

SWR_CACHED_OBJECT(struct box, by_caller, (SWR_VAL(int, n)), box_copy, box_release, TIMES,
                  .refresh = SWR_REFRESH_CALLER)
{
    if (failing)
        swrcache_fail();
    return &boxes[n];
}

SWR_CACHED_OBJECT(struct box, coded, (SWR_VAL(int, n)), box_copy, box_release, TIMES, .codec = box_codec)
{
    return &boxes[n];
}

SWR_CACHED_OBJECT(struct box, keyed, (SWR_VAL(int, n)), box_copy, box_release, TIMES, .key = by_text)
{
    return &boxes[n];
}

SWR_CACHED_OBJECT(struct box, compared, (SWR_VAL(int, n)), box_copy, box_release, TIMES, .codec = box_encoder,
                  .mode = SWR_MODE_SHADOW)
{
    return &boxes[n];
}

SWR_CACHED(int, tested, (SWR_VAL(int, n)), TIMES, .failed = has_failed, .unless = never)
{
    return n;
}

SWR_CACHED(int, plain, (SWR_VAL(int, n)))
{
    return n * 10;
}

static void nothing(void)
{
}
static void with_object(void)
{
    object(1);
}
static void with_all(void)
{
    object(1);
    by_caller(1);
    coded(1);
    keyed(1);
    compared(1);
    tested(1);
}
static void stale(void)
{
    with_all();
    swrcache_advance(1500);
}
static void failing_later(void)
{
    with_all();
    swrcache_advance(5000);
    failing = true;
}
static void failing_now(void)
{
    stale();
    failing = true;
}

static int call_object(int n)
{
    return object(n)->n;
}
static int call_by_caller(int n)
{
    return by_caller(n)->n;
}
static int call_coded(int n)
{
    return coded(n)->n;
}
static int call_keyed(int n)
{
    return keyed(n)->n;
}
static int call_compared(int n)
{
    for (int i = 0; i < 40; i++)
        compared(n);
    return n;
}
static int call_tested(int n)
{
    return tested(n);
}
static int peek(int n)
{
    struct box *box = NULL;
    return SWR_PEEK(object, &box, n) ? box->n : -2;
}
static int peek_coded(int n)
{
    struct box *box = NULL;
    return SWR_PEEK(coded, &box, n) ? box->n : -2;
}
static int forced(int n)
{
    struct box *box = NULL;
    SWR_FORCED(object, &box, n);
    return box->n;
}
static int invalidate(int n)
{
    SWR_INVALIDATE(keyed, n);
    return n;
}

static const struct way {
    const char *name;
    enum asked leaver;
    void (*prepare)(void);
    int (*run)(int n);
} ways[] = {
    {"copy, at a hit", COPY, with_object, call_object},
    {"copy, at a miss", COPY, nothing, call_object},
    {"copy, for a look", COPY, with_object, peek},
    {"copy, forced", COPY, with_object, forced},
    {"copy, of an old value", COPY, failing_later, call_object},
    {"copy, refreshed by the caller", COPY, stale, call_by_caller},
    {"copy, not refreshed by the caller", COPY, failing_now, call_by_caller},
    {"decode, at a hit", DECODE, with_all, call_coded},
    {"decode, for a look", DECODE, with_all, peek_coded},
    {"encode, at a miss", ENCODE, nothing, call_coded},
    {"encode, for a comparison", ENCODE, with_all, call_compared},
    {"failed", FAILED, nothing, call_tested},
    {"unless", UNLESS, nothing, call_tested},
    {"key", KEY, nothing, call_keyed},
    {"long key", KEY_AGAIN, nothing, call_keyed},
    {"long key, of a verb", KEY_AGAIN, with_all, invalidate},
    {"copy, by a long key", COPY, with_all, call_keyed},
};
enum { WAYS = sizeof ways / sizeof *ways };

static __attribute__((noinline)) void served(void)
{
    int state, type;
    sigset_t mask;
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state);
    pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &type);
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    CHECK(state == PTHREAD_CANCEL_ENABLE && type == PTHREAD_CANCEL_DEFERRED);
    CHECK(!sigismember(&mask, SIGUSR1) && !sigismember(&mask, SIGTERM));
    failing = false;
    SWR_INVALIDATE_ALL(plain);
    CHECK(plain(1) == 10 && outcome() == SWR_MISS);
    CHECK(plain(1) == 10 && outcome() == SWR_HIT);
    struct thread *t = thread_current;
    CHECK(!t->busy && !t->held && t->frames == NULL && t->lengthy == NULL);
    CHECK(atomic_load(&t->epoch.announced) == 0 && t->epoch.depth == 0);
}

/* Its own key at once: nobody has it under way. */
static __attribute__((noinline)) void served_the_same(const struct way *w)
{
    struct box *box;
    volatile char room[3000];
    memset((void *)(uintptr_t)room, 0x5a, sizeof room);
    CHECK(w->run(1) == 1 || w->run == peek || w->run == peek_coded);
    CHECK((box = coded(1)) != NULL && box->n == 1 && (box = keyed(1)) != NULL && box->n == 1);
    CHECK(tested(1) == 1 && call_object(1) == 1 && call_by_caller(1) == 1);
}

static __attribute__((noinline)) int leave_once(const struct way *w)
{
    if (door == THROW)
        return cxx_catch(w->run, 1);
    if (setjmp(out) == 0)
        return w->run(1);
    return -1;
}

static void *goes(void *cookie)
{
    const struct way *w = cookie;
    int got = leave_once(w);
    CHECK(got == -1);
    return NULL;
}

static uint64_t memory(void)
{
    struct alloc_usage usage;
    swrcache_invalidate("all");
    CHECK(swrcache_drain(60000));
    for (int i = 0; i < 2; i++)
        epoch_collect();
    alloc_usage(&usage);
    return usage.objects;
}

static void count_flight(struct flight *fl, void *cookie)
{
    (void)fl;
    ++*(int *)cookie;
}

static void round_of(const struct way *w)
{
    swrcache_invalidate("all");
    leaver = NOBODY;
    w->prepare();
    CHECK(swrcache_drain(60000));
    leaver = w->leaver;
    if (door == JUMP || door == THROW) {
        goes((void *)(uintptr_t)w);
    } else {
        pthread_t thread;
        pthread_create(&thread, NULL, goes, (void *)(uintptr_t)w);
        pthread_join(thread, NULL);
    }
    if (leaver != NOBODY)
        fprintf(stderr, "%s is not asked\n", w->name);
    CHECK(leaver == NOBODY);
    leaver = NOBODY;
    served();
    served_the_same(w);
}

static void many_times(const struct way *w)
{
    int flights = 0;
    for (int i = 0; i < 10; i++)
        round_of(w);
    uint64_t before = memory();
    for (int i = 0; i < ROUNDS; i++)
        round_of(w);
    uint64_t after = memory();
    flight_each(count_flight, &flights);
    CHECK(flights == 0);
    if (!SANITIZED && after > before + LEFT_MOST)
        printf("%s, door %d: %lld bytes more\n", w->name, door, (long long)(after - before));
    CHECK(SANITIZED || after <= before + LEFT_MOST);
}

/* Out of what a refresh asks for on a worker an exception comes to nobody: the refresh has failed. */
static void on_a_worker(int who, int (*run)(int))
{
    door = THROW;
    leaver = NOBODY;
    failing = false;
    swrcache_invalidate("all");
    CHECK(run(1) == 1);
    swrcache_advance(1500);
    leaver = who;
    CHECK(run(1) == 1 && outcome() == SWR_STALE_HIT && swrcache_drain(60000));
    CHECK(leaver == NOBODY);
    swrcache_advance(100);
    CHECK(run(1) == 1 && swrcache_drain(60000));
    CHECK(run(1) == 1 && outcome() == SWR_HIT);
}

static void nobody_there(void)
{
    for (int i = 0; i < 2; i++)
        epoch_collect();
}

static __attribute__((noinline)) void jump_from(int depth)
{
    volatile char room[4096];
    room[0] = (char)depth;
    if (depth > 0) {
        jump_from(depth - 1);
    } else {
        leaver = COPY;
        if (setjmp(out) == 0)
            object(1);
    }
    CHECK(room[0] == (char)depth);
}

/* Each where nobody overwrites what the one before has left: the next call is none the worse for it. */
static void at_many_depths(void)
{
    door = JUMP;
    object(1);
    for (int depth = 60; depth > 0; depth--)
        jump_from(depth);
    CHECK(object(1)->n == 1 && outcome() == SWR_HIT);
    served();
}

/* A worker may be at it too: what it has taken up it has not freed yet. */
static void freed(int all)
{
    for (int i = 0; i < 20000 && released != all; i++) {
        nobody_there();
        pause_ms(1);
    }
    CHECK(released == all);
}

/* An object is freed when nobody asks for it: an exception comes to nobody, and keeps nothing else from it.
 */
static void of_what_frees(void)
{
    swrcache_invalidate("all");
    nobody_there();
    released = 0;
    for (int n = 0; n < 4; n++)
        object(n);
    door = THROW;
    leaver = RELEASE;
    swrcache_invalidate("object");
    freed(4);
    CHECK(leaver == NOBODY);
    served();
}

SWR_CACHED_OBJECT(struct box, many, (SWR_VAL(int, n)), box_copy, box_release, TIMES)
{
    return &boxes[n % 4];
}

/* Nor amid a commit, as calls wait for that: what frees may wait for one of them. */
static void amid_a_commit(void)
{
    enum { MANY = 2000 };
    swrcache_invalidate("all");
    nobody_there();
    released = amid_commits = 0;
    for (int n = 0; n < MANY; n++)
        many(n);
    swrcache_begin();
    swrcache_invalidate("many(>=0)");
    CHECK(swrcache_commit());
    CHECK(amid_commits == 0);
    freed(MANY);
}

int main(int argc, char **argv)
{
    with_manual_clock(argv);
    watchdog(120);
    for (int w = 0; w < WAYS; w++)
        for (door = JUMP; door < DOORS; door++)
            /* The sanitizers fall over when a thread is unwound. */
            if ((argc < 2 || strcmp(argv[1], ways[w].name) == 0) &&
                (!SANITIZED || door == JUMP || door == THROW))
                many_times(&ways[w]);
    on_a_worker(FAILED, call_tested);
    on_a_worker(ENCODE, call_coded);
    on_a_worker(RELEASE, call_coded);
    at_many_depths();
    of_what_frees();
    amid_a_commit();
    return finish("doors");
}
