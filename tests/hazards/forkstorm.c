/*
 * S50: a storm of forks amid walks of tags and dependents, commits, stores, evictions and refreshes. No child
 * dies or hangs. SWR_TEST_FORKS says how many; run with every allocator (meson.build).
 */
#include "hazard.h"
#include "together.h"

enum { HAMMERS = ADDRESS_SANITIZED ? 0 : 3, KEYS = 400 };

static _Atomic int over;

SWR_CACHED(long, leaf, (SWR_VAL(int, n)), .ttl_ms = 3, .stale_ms = 20, .tags = "leaves", .max_entries = 300)
{
    return 3L * n;
}

SWR_CACHED(long, branch, (SWR_VAL(int, n)), .ttl_ms = SWR_FOREVER, .tags = "leaves branches")
{
    return leaf(n) + 1;
}

SWR_CACHED_STRING(word, (SWR_VAL(int, n)), .ttl_ms = 3, .keep_warm_ms = 2)
{
    char text[32];
    snprintf(text, sizeof text, "<%d>", n);
    return strdup(text);
}

static void once(unsigned *seed)
{
    int n = rand_r(seed) % KEYS;
    long value = n;
    char *text = word(n % 20), wanted[32];
    snprintf(wanted, sizeof wanted, "<%d>", n % 20);
    CHECK(text != NULL && strcmp(text, wanted) == 0);
    free(text);
    CHECK(branch(n) == 3L * n + 1);
    switch (n % 50) {
    case 0:
        swrcache_expire("tag:leaves");
        break;
    case 1:
        swrcache_invalidate("tag:branches");
        break;
    case 2:
        swrcache_invalidate("leaf(>=%d)", n);
        break;
    case 3:
        SWR_INVALIDATE_ALL(branch);
        break;
    case 4:
        swrcache_begin();
        for (int i = 0; i < TOGETHER; i++)
            swrcache_put("together", &i, sizeof i, &value, sizeof value, 0);
        swrcache_commit();
        break;
    default:
        SWR_INVALIDATE(leaf, n);
    }
}

static void *hammer(void *cookie)
{
    unsigned seed = (unsigned)(size_t)cookie + 1;
    while (!over)
        once(&seed);
    return NULL;
}

static void *some(void *cookie)
{
    volatile unsigned char mess[60000];
    unsigned seed = (unsigned)(size_t)cookie;
    for (size_t i = 0; i < sizeof mess; i++)
        mess[i] = 0x5a;
    for (int i = 0; i < 40; i++)
        once(&seed);
    return NULL;
}

static int in_child(int round)
{
    pthread_t thread;
    watchdog(30);
    hazard_failures = 0;
    CHECK(together());
    if (pthread_create(&thread, NULL, some, (void *)(size_t)round) != 0)
        return 5;
    some((void *)(size_t)(round + 1));
    pthread_join(thread, NULL);
    return hazard_failures != 0;
}

int main(void)
{
    const char *asked = getenv("SWR_TEST_FORKS");
    int forks = asked != NULL ? atoi(asked) : SANITIZED ? 40 : 300, bad = 0;
    pthread_t threads[HAMMERS + 1];
    watchdog(60 + (unsigned)forks / 10);
    for (int i = 0; i < KEYS; i++)
        CHECK(branch(i) == 3L * i + 1);
    for (int i = 0; i < HAMMERS; i++)
        pthread_create(&threads[i], NULL, hammer, (void *)(size_t)i);
    for (int i = 0; i < forks; i++) {
        pid_t child = fork_calmly();
        if (child == 0)
            _exit(in_child(i));
        bad += wait_child(child) != 0;
    }
    over = 1;
    for (int i = 0; i < HAMMERS; i++)
        pthread_join(threads[i], NULL);
    if (bad != 0)
        fprintf(stderr, "FAILED: %d of %d children died or hung\n", bad, forks);
    hazard_failures += bad;
    return finish("forkstorm");
}
