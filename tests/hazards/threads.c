/* Threads that come and go leave nothing behind; many that want one key at once run one body. */
#include "hazard.h"

enum { SHORT_LIVED = 2000, SETTLED = 500, STAMPEDE = 64 };

static _Atomic int bodies;
static pthread_barrier_t start;

SWR_CACHED(long, small, (SWR_VAL(long, n)), .ttl_ms = SWR_FOREVER)
{
    return n + 1;
}

SWR_CACHED_STRING(echo, (SWR_STR(text)), .ttl_ms = SWR_FOREVER)
{
    return strdup(text);
}

SWR_CACHED(int, popular, (SWR_VAL(int, n)))
{
    bodies++;
    pause_ms(100);
    return n * 3;
}

static void *briefly(void *cookie)
{
    char text[600];
    long n = (long)(size_t)cookie % 10;
    memset(text, 'a', sizeof text - 1);
    text[0] = (char)('0' + n);
    text[sizeof text - 1] = 0;
    CHECK(small(n) == n + 1);
    char *copy = echo(text);
    CHECK(copy != NULL && strcmp(copy, text) == 0);
    free(copy);
    SWR_INVALIDATE(small, n);
    return NULL;
}

static long resident_kb(void)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    CHECK(f != NULL && fscanf(f, "%*d %ld", &pages) == 1);
    if (f != NULL)
        fclose(f);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void come_and_go(void)
{
    long settled = 0;
    for (size_t i = 0; i < SHORT_LIVED; i += 4) {
        pthread_t threads[4];
        if (i == SETTLED)
            settled = resident_kb();
        for (size_t k = 0; k < 4; k++)
            pthread_create(&threads[k], NULL, briefly, (void *)(i + k));
        for (size_t k = 0; k < 4; k++)
            pthread_join(threads[k], NULL);
    }
    long grown = resident_kb() - settled;
    CHECK(SANITIZED || grown < 300);
}

static void *rush(void *cookie)
{
    int n = *(int *)cookie;
    pthread_barrier_wait(&start);
    CHECK(popular(n) == n * 3);
    return NULL;
}

static void stampede(void)
{
    for (int n = 0; n < 5; n++) {
        pthread_t threads[STAMPEDE];
        int before = bodies;
        pthread_barrier_init(&start, NULL, STAMPEDE);
        for (int i = 0; i < STAMPEDE; i++)
            pthread_create(&threads[i], NULL, rush, &n);
        for (int i = 0; i < STAMPEDE; i++)
            pthread_join(threads[i], NULL);
        pthread_barrier_destroy(&start);
        CHECK(bodies == before + 1);
    }
}

/* A destructor of another library's thread-specific data calls when the runtime's own may be gone. */
static pthread_key_t late;

static void at_the_end(void *cookie)
{
    static __thread int rounds;
    CHECK(small(77) == 78);
    if (++rounds < 8)
        pthread_setspecific(late, cookie);
}

static void *with_late_calls(void *cookie)
{
    pthread_setspecific(late, cookie);
    CHECK(small(77) == 78);
    return NULL;
}

static void late_calls(void)
{
    pthread_key_create(&late, at_the_end);
    for (int i = 0; i < 200; i++) {
        pthread_t thread;
        pthread_create(&thread, NULL, with_late_calls, &late);
        pthread_join(thread, NULL);
    }
    pthread_key_delete(late);
}

int main(void)
{
    watchdog(110);
    come_and_go();
    stampede();
    /* The sanitizers have given up the thread by then, and crash in their own code. */
    if (!SANITIZED)
        late_calls();
    return finish("threads");
}
