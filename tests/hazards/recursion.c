/* Bodies that call themselves and each other, in one thread and across two. */
#include "hazard.h"

static _Atomic int bodies, inside;

SWR_CACHED(int, again, (SWR_VAL(int, n)))
{
    static __thread int depth;
    bodies++;
    int value = n;
    if (depth < 3) {
        depth++;
        value += again(n);
        depth--;
    }
    return value;
}

SWR_CACHED(unsigned long, fib, (SWR_VAL(int, n)))
{
    bodies++;
    return n < 2 ? (unsigned long)n : fib(n - 1) + fib(n - 2);
}

int pong(int n);

SWR_CACHED(int, ping, (SWR_VAL(int, n)))
{
    inside++;
    for (int i = 0; i < 500 && inside < 2; i++)
        pause_ms(1);
    return n <= 0 ? 1 : 1 + pong(n - 1);
}

SWR_CACHED(int, pong, (SWR_VAL(int, n)))
{
    inside++;
    for (int i = 0; i < 500 && inside < 2; i++)
        pause_ms(1);
    return n <= 0 ? 1 : 1 + ping(n - 1);
}

/* left(0) needs right(0) and right(0) needs left(0), once each; nobody would wait for less than ever. */
static __thread int nested;
int right(int n);

SWR_CACHED(int, left, (SWR_VAL(int, n)), .wait_ms = SWR_FOREVER)
{
    inside++;
    for (int i = 0; i < 500 && inside < 2; i++)
        pause_ms(1);
    if (nested++ > 0)
        return nested--, 10;
    int value = 1 + right(n);
    nested--;
    return value;
}

SWR_CACHED(int, right, (SWR_VAL(int, n)), .wait_ms = SWR_FOREVER)
{
    inside++;
    for (int i = 0; i < 500 && inside < 2; i++)
        pause_ms(1);
    if (nested++ > 0)
        return nested--, 10;
    int value = 1 + left(n);
    nested--;
    return value;
}

static void *call_left(void *cookie)
{
    CHECK(left(*(int *)cookie) >= 10);
    return NULL;
}

static void *call_right(void *cookie)
{
    CHECK(right(*(int *)cookie) >= 10);
    return NULL;
}

static void two_threads(int n)
{
    pthread_t a, b;
    inside = 0;
    pthread_create(&a, NULL, call_left, &n);
    pthread_create(&b, NULL, call_right, &n);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
}

int main(void)
{
    watchdog(60);
    CHECK(again(5) == 20 && bodies == 4);
    CHECK(again(5) == 20 && outcome() == SWR_HIT && bodies == 4);

    bodies = 0;
    CHECK(fib(80) == 23416728348467685ul);
    CHECK(bodies == 81);
    CHECK(fib(79) == 14472334024676221ul && outcome() == SWR_HIT && bodies == 81);

    inside = 2;
    CHECK(ping(40) == 41 && ping(40) == 41 && pong(39) == 40);
    for (int n = 0; n < 20; n++)
        two_threads(n);
    return finish("recursion");
}
