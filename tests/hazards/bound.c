/*
 * S30: functions whose answer depends on the thread that asks: its own variables, its locale, its directory,
 * the processors it may run on, the user it acts for. SWR_REFRESH_CALLER has them refreshed by whoever calls,
 * in the caller's own thread; a refresh by the pool sees another thread's world, as the second half shows.
 */
#include "hazard.h"

#include <locale.h>
#include <sched.h>

enum { OWN = 7, CALLERS = 4 };

static _Thread_local int own;
static _Atomic int bodies;

/* What there is to depend on. */
struct world {
    int own, processors, letters, user;
    char directory[24];
};

static struct world look(void)
{
    struct world w;
    wchar_t wide[4];
    cpu_set_t processors;
    memset(&w, 0, sizeof w);
    w.own = own;
    CPU_ZERO(&processors);
    sched_getaffinity(0, sizeof processors, &processors);
    w.processors = CPU_COUNT(&processors);
    w.letters = (int)mbstowcs(wide, "\xC3\xA9", 4); /* one letter, or no text at all */
    w.user = (int)syscall(SYS_geteuid);
    if (getcwd(w.directory, sizeof w.directory) == NULL)
        strcpy(w.directory, "far away");
    return w;
}

SWR_CACHED(struct world, by_caller, (SWR_VAL(int, n)), .ttl_ms = 1000, .stale_ms = SWR_FOREVER,
           .jitter_pct = 0, .refresh = SWR_REFRESH_CALLER)
{
    (void)n;
    bodies++;
    return look();
}

SWR_CACHED(struct world, by_pool, (SWR_VAL(int, n)), .ttl_ms = 1000, .stale_ms = SWR_FOREVER, .jitter_pct = 0)
{
    (void)n;
    bodies++;
    return look();
}

static void be_special(void)
{
    cpu_set_t first;
    locale_t letters = newlocale(LC_CTYPE_MASK, "C.utf8", (locale_t)0);
    own = OWN;
    sched_getaffinity(0, sizeof first, &first);
    int one = 0;
    while (!CPU_ISSET(one, &first))
        one++;
    CPU_ZERO(&first);
    CPU_SET(one, &first);
    sched_setaffinity(0, sizeof first, &first);
    if (letters != (locale_t)0)
        uselocale(letters);
    if (unshare(CLONE_FS) != 0 || chdir("/proc") != 0)
        perror("a directory of the thread's own");
    /* libc's own would change all threads. */
    syscall(SYS_setresuid, -1, 65534, -1);
}

static bool same(struct world a, struct world b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static void *special(void *unused)
{
    be_special();
    const struct world mine = look();
    CHECK(mine.own == OWN);

    swrcache_advance(1500);
    int before = bodies;
    CHECK(same(by_caller(1), mine) && outcome() == SWR_MISS && bodies == before + 1);
    CHECK(same(by_caller(1), mine) && outcome() == SWR_HIT);

    /* The pool's threads know nothing of this one. */
    CHECK(same(by_pool(1), mine));
    swrcache_advance(1500);
    CHECK(same(by_pool(1), mine) && outcome() == SWR_STALE_HIT);
    CHECK(swrcache_drain(10000));
    struct world theirs = by_pool(1);
    CHECK(outcome() == SWR_HIT && theirs.own == 0 && !same(theirs, mine));
    return unused;
}

/* One is chosen, the others have the old answer, and nobody asks the pool. */
static _Atomic int arrived, misses;

static void *one_of_many(void *unused)
{
    arrived++;
    while (arrived < CALLERS)
        pause_ms(1);
    own = OWN;
    struct world got = by_caller(2);
    CHECK(got.own == OWN || outcome() == SWR_STALE_HIT);
    misses += outcome() == SWR_MISS;
    return unused;
}

static void elected(void)
{
    pthread_t threads[CALLERS];
    by_caller(2);
    swrcache_advance(1500);
    int before = bodies;
    for (int i = 0; i < CALLERS; i++)
        pthread_create(&threads[i], NULL, one_of_many, NULL);
    for (int i = 0; i < CALLERS; i++)
        pthread_join(threads[i], NULL);
    CHECK(misses == 1 && bodies == before + 1);
    CHECK(by_caller(2).own == OWN && outcome() == SWR_HIT);
}

int main(int argc, char **argv)
{
    (void)argc;
    with_manual_clock(argv);
    watchdog(60);
    pthread_t thread;
    struct world ordinary = look();
    CHECK(same(by_caller(1), ordinary));
    pthread_create(&thread, NULL, special, NULL);
    pthread_join(thread, NULL);
    elected();
    return finish("bound to their threads");
}
