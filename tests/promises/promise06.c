/* Promise 6: calls in any nesting cannot deadlock, and a worker never waits for the pool. */
#include "promise.h"

static _Atomic int bodies;

SWR_DECLARE(int, pong, (SWR_VAL(int, n)));

SWR_CACHED(int, ping, (SWR_VAL(int, n)))
{
    bodies++;
    return n == 0 ? 0 : pong(n - 1) + 1;
}

SWR_CACHED(int, pong, (SWR_VAL(int, n)))
{
    bodies++;
    return n == 0 ? 0 : ping(n - 1) + 1;
}

static int depth;

SWR_CACHED(int, itself, (SWR_VAL(int, n)))
{
    return depth++ < 5 ? itself(n) + 1 : 0;
}

static pthread_barrier_t both;
static _Atomic int crossed;

SWR_DECLARE(int, right, (void));

SWR_CACHED(int, left, (void))
{
    if (crossed++ < 2)
        pthread_barrier_wait(&both);
    return right() + 1;
}

SWR_CACHED(int, right, (void))
{
    if (crossed++ < 2)
        pthread_barrier_wait(&both);
    return crossed > 3 ? 1 : left() + 1;
}

static void *go_left(void *unused)
{
    (void)unused;
    CHECK(left() > 0);
    return NULL;
}

static void *go_right(void *unused)
{
    (void)unused;
    CHECK(right() > 0);
    return NULL;
}

/* On the one worker there is: a refresh that calls what is stale, missing, and itself. */
SWR_CACHED(int, deep, (SWR_VAL(int, n)), .ttl_ms = 1000, .stale_ms = SWR_FOREVER, .wait_ms = SWR_FOREVER,
           .jitter_pct = 0, .dependencies = SWR_DEPENDENCIES_OFF)
{
    bodies++;
    return n == 0 ? 1 : deep(n - 1) + deep(n == 1 ? 0 : n - 2);
}

static void on_a_worker(void)
{
    CHECK(deep(10) == 144);
    swrcache_advance(1500);
    CHECK(deep(10) == 144 && outcome() == SWR_STALE_HIT);
    for (int n = 0; n < 10; n += 2)
        SWR_INVALIDATE(deep, n);
    CHECK(swrcache_drain(20000));
    CHECK(deep(10) == 144 && outcome() == SWR_HIT);
}

int main(int argc, char **argv)
{
    (void)argc;
    setenv("SWR_THREADS", "1", 1);
    with_manual_clock(argv);
    alarm(200);
    CHECK(ping(50) == 50);
    CHECK(itself(1) == 5);
    on_a_worker();
    pthread_t a, b;
    pthread_barrier_init(&both, NULL, 2);
    pthread_create(&a, NULL, go_left, NULL);
    pthread_create(&b, NULL, go_right, NULL);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    return finish("promise 6");
}
