/*
 * down.c - a backend that is down: every call then finds an old value whose refresh failed, one past its
 * stale time, or a remembered failure. Each is a hit like any other: it runs, waits, locks and allocates
 * nothing, whatever the function's key and result are like; and the body is run when the back-off is over.
 */
#include "promise.h"

#include <sched.h>

#include "base/lock.h"
#include "base/os.h"
#include "runtime/registry/thread.h"

enum { HITS = 50, ERROR = ECONNREFUSED };

static _Atomic int bodies, is_down;

/* 1, or -1 from a backend that is down. */
static int answer(void)
{
    bodies++;
    if (!is_down)
        return 1;
    errno = ERROR;
    swrcache_fail();
    return -1;
}

#define POLICY                                                                                               \
    .ttl_ms = 1000, .stale_ms = 9000, .stale_if_error_ms = 29000, .retry_ms = 1000, .retry_max_ms = 4000,    \
    .jitter_pct = 0, .negative_ms = 5000

struct wide {
    long word[4];
};

SWR_CACHED(long, word, (SWR_VAL(long, n)), POLICY)
{
    return n * answer();
}

SWR_CACHED(int, half, (SWR_VAL(int, n)), POLICY)
{
    return n * answer();
}

SWR_CACHED(struct wide, wide, (SWR_VAL(long, n)), POLICY)
{
    return (struct wide){{n, 0, 0, answer()}};
}

SWR_CACHED(long, text, (SWR_STR(of)), POLICY)
{
    return (long)strlen(of) * answer();
}

SWR_CACHED(int, several, (SWR_VAL(int, n), SWR_STR(of), SWR_OUT(int, sign)), POLICY)
{
    *sign = answer();
    return n + (int)strlen(of);
}

SWR_CACHED_STRING(string, (SWR_VAL(int, n)), POLICY)
{
    (void)n;
    return strdup(answer() > 0 ? "up" : "down");
}

/* Each gives the sign of its function's answer, or 0 where that is not whole. */
static int of_word(void)
{
    long got = word(7);
    return got == 7 ? 1 : got == -7 ? -1 : 0;
}

static int of_half(void)
{
    int got = half(7);
    return got == 7 ? 1 : got == -7 ? -1 : 0;
}

static int of_wide(void)
{
    struct wide got = wide(7);
    return got.word[0] == 7 ? (int)got.word[3] : 0;
}

static int of_text(void)
{
    long got = text("seventh");
    return got == 7 ? 1 : got == -7 ? -1 : 0;
}

static int of_several(void)
{
    int sign = 0, got = several(3, "four", &sign);
    return got == 7 ? sign : 0;
}

static int of_string(void)
{
    char *got = string(7);
    int error = errno, sign = got == NULL ? 0 : strcmp(got, "up") == 0 ? 1 : -1;
    free(got);
    errno = error;
    return sign;
}

static const struct kind {
    int (*ask)(void);
    struct swrcache_site *site;
} kinds[] = {{of_word, &swrcache_site_word},       {of_half, &swrcache_site_half},
             {of_wide, &swrcache_site_wide},       {of_text, &swrcache_site_text},
             {of_several, &swrcache_site_several}, {of_string, &swrcache_site_string}};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* What all of them answer from memory, and what is told of it. */
struct told {
    int sign;
    enum swrcache_outcome outcome;
    int refresh_errno, error; /* error: that errno is left with; 0: as it was */
    uint64_t age_ms;
};

static enum counter counter_of(enum swrcache_outcome how)
{
    return how == SWR_HIT ? COUNTER_hits : how == SWR_STALE_HIT ? COUNTER_stale_hits : COUNTER_fallback_hits;
}

static void asked(const struct kind *kind, const struct told *told)
{
    struct swrcache_info info;
    errno = ENOTTY;
    CHECK(kind->ask() == told->sign);
    CHECK(errno == (told->error != 0 ? told->error : ENOTTY));
    swrcache_last(&info);
    CHECK(info.outcome == told->outcome && info.refresh_errno == told->refresh_errno &&
          info.age_ms == told->age_ms);
}

static void served(struct told told)
{
    for (const struct kind *kind = kinds; kind < kinds + KINDS; kind++) {
        enum counter counter = counter_of(told.outcome);
        uint64_t counted = function_counter(kind->site->function, counter);
        uint64_t locks = lock_taken, allocations = os_alloc_count();
        int before = bodies;
        for (int i = 0; i < HITS; i++)
            asked(kind, &told);
        CHECK(bodies == before);
        CHECK(lock_taken == locks && os_alloc_count() == allocations);
        CHECK(function_counter(kind->site->function, counter) == counted + HITS);
    }
}

/* One call of each asks the backend. */
static void tried(int sign, enum swrcache_outcome how)
{
    for (const struct kind *kind = kinds; kind < kinds + KINDS; kind++) {
        int before = bodies;
        CHECK(kind->ask() == sign && outcome() == how);
        CHECK(bodies == before + 1);
    }
}

/* Tried after one second, two, four, four; told truly at every age until it is dead. */
static void old_values(void)
{
    tried(1, SWR_MISS);
    served((struct told){1, SWR_HIT, 0, 0, 0});
    is_down = 1;
    swrcache_advance(1000);
    tried(1, SWR_STALE_HIT);
    served((struct told){1, SWR_STALE_HIT, ERROR, 0, 1000});
    swrcache_advance(999);
    served((struct told){1, SWR_STALE_HIT, ERROR, 0, 1999});
    swrcache_advance(1);
    tried(1, SWR_STALE_HIT);
    swrcache_advance(7999);
    tried(1, SWR_STALE_HIT);
    served((struct told){1, SWR_STALE_HIT, ERROR, 0, 9999});
    swrcache_advance(1);
    served((struct told){1, SWR_FALLBACK_HIT, ERROR, 0, 10000});
    swrcache_advance(3998);
    served((struct told){1, SWR_FALLBACK_HIT, ERROR, 0, 13998});
    swrcache_advance(1);
    tried(1, SWR_FALLBACK_HIT);
    served((struct told){1, SWR_FALLBACK_HIT, ERROR, 0, 13999});
    swrcache_advance(15001);
    tried(1, SWR_FALLBACK_HIT);
    swrcache_advance(999);
    served((struct told){1, SWR_FALLBACK_HIT, ERROR, 0, 29999});
    swrcache_advance(1);
}

static void *refresh_word(void *unused)
{
    CHECK(of_word() == -1 && outcome() == SWR_STALE_HIT);
    return unused;
}

static void failures_remembered(void)
{
    const struct told expired = {-1, SWR_STALE_HIT, 0, ERROR, 0};
    pthread_t thread;
    tried(-1, SWR_MISS);
    served((struct told){-1, SWR_HIT, 0, ERROR, 0});
    swrcache_advance(4999);
    served((struct told){-1, SWR_HIT, 0, ERROR, 4999});
    swrcache_advance(1);
    tried(-1, SWR_MISS);
    /* Expired: served on, errno and all, while one caller tries. */
    CHECK(SWR_EXPIRE(word, 7) == 1);
    gate_close("leader.before_call");
    pthread_create(&thread, NULL, refresh_word, NULL);
    gate_await(1);
    for (int i = 0; i < HITS; i++)
        asked(&kinds[0], &expired);
    gate_open();
    pthread_join(thread, NULL);
    served((struct told){-1, SWR_HIT, 0, ERROR, 0});
    is_down = 0;
    swrcache_advance(5000);
    tried(1, SWR_MISS);
}

/* A fresh value can have a failed refresh too. */
static void fresh_values(void)
{
    char *s = NULL;
    long w;
    int i, sign;
    struct wide v;
    is_down = 1;
    CHECK(!SWR_FORCED(word, &w, 7) && !SWR_FORCED(half, &i, 7) && !SWR_FORCED(wide, &v, 7));
    CHECK(!SWR_FORCED(text, &w, "seventh") && !SWR_FORCED(several, &i, 3, "four", &sign));
    CHECK(!SWR_FORCED(string, &s, 7));
    free(s);
    served((struct told){1, SWR_HIT, ERROR, 0, 0});
}

static void *force_word(void *unused)
{
    long got;
    CHECK(SWR_FORCED(word, &got, 7) && got == 7);
    return unused;
}

static void *recompute_word(void *unused)
{
    CHECK(of_word() == 1 && outcome() == SWR_MISS);
    return unused;
}

static _Atomic int answered;

static void *ask_word(void *unused)
{
    long got;
    SWR_PEEK(word, &got, 7); /* what a thread does first takes the longer way */
    CHECK(of_word() == 1 && outcome() == SWR_COALESCED);
    answered = 1;
    return unused;
}

static bool somebody_waits(void)
{
    for (struct thread *t = thread_first(); t != NULL; t = t->next)
        if (atomic_load(&t->waiting_for) != NULL)
            return true;
    return false;
}

/* `compute` computes; a call that finds the value past its stale time waits for that. */
static void waited_for(void *(*compute)(void *), uint64_t age_ms)
{
    pthread_t computing, asking;
    is_down = 0;
    answered = 0;
    gate_close("leader.before_call");
    pthread_create(&computing, NULL, compute, NULL);
    gate_await(1);
    swrcache_advance(10000 - age_ms);
    pthread_create(&asking, NULL, ask_word, NULL);
    while (!somebody_waits() && !answered)
        sched_yield();
    gate_open();
    pthread_join(computing, NULL);
    pthread_join(asking, NULL);
    CHECK(of_word() == 1 && outcome() != SWR_FALLBACK_HIT);
}

/* Nobody is to compute yet, but somebody does: it was forced, or had begun before the time. */
static void computed_all_the_same(void)
{
    swrcache_advance(10000);
    tried(1, SWR_FALLBACK_HIT);
    served((struct told){1, SWR_FALLBACK_HIT, ERROR, 0, 10000});
    waited_for(force_word, 10000);
    swrcache_advance(9999);
    waited_for(recompute_word, 9999);
}

enum { MANY = 75000 }; /* more than any table of records but the last has lists */

SWR_CACHED(int, one_of_many, (SWR_VAL(int, n)), POLICY)
{
    return n * answer();
}

/* How many are answered so, and told of `error`. */
static int answered_by(enum swrcache_outcome how, int error)
{
    struct swrcache_info info;
    int such = 0;
    for (int n = 1; n <= MANY; n++) {
        int got = one_of_many(n);
        swrcache_last(&info);
        such += got == n && info.outcome == how && info.refresh_errno == error;
    }
    return such;
}

/* Each is told of its own, however many there are; and of none that is over. */
static void of_many(void)
{
    is_down = 0;
    CHECK(answered_by(SWR_MISS, 0) == MANY);
    is_down = 1;
    swrcache_advance(1000);
    CHECK(answered_by(SWR_STALE_HIT, ERROR) == MANY);
    CHECK(answered_by(SWR_STALE_HIT, ERROR) == MANY);
    is_down = 0;
    swrcache_advance(1000);
    CHECK(answered_by(SWR_MISS, 0) == MANY);
    CHECK(answered_by(SWR_HIT, 0) == MANY);
    is_down = 1;
    swrcache_advance(1000);
    CHECK(answered_by(SWR_STALE_HIT, ERROR) == MANY);
}

int main(int argc, char **argv)
{
    (void)argc;
    /* Callers refresh: no thread of the runtime's own takes locks meanwhile. */
    setenv("SWR_THREADS", "0", 1);
    with_manual_clock(argv);
    old_values();
    failures_remembered();
    fresh_values();
    computed_all_the_same();
    of_many();
    return finish("a backend that is down");
}
