/* Promises 6 and 7: nesting cannot deadlock; without memory the function is called. */
#include "promise.h"

#include "base/os.h"

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

SWR_CACHED(int, plain, (SWR_STR(text)))
{
    bodies++;
    return (int)strlen(text);
}

int main(void)
{
    CHECK(ping(50) == 50);
    CHECK(itself(1) == 5);
    pthread_t a, b;
    alarm(30);
    pthread_barrier_init(&both, NULL, 2);
    pthread_create(&a, NULL, go_left, NULL);
    pthread_create(&b, NULL, go_right, NULL);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    for (int n = 1; n < 12; n++)
        for (int forever = 0; forever < 2; forever++) {
            SWR_INVALIDATE_ALL(plain);
            os_alloc_fail_at((uint64_t)n, forever);
            CHECK(plain("four") == 4);
            CHECK(plain("four") == 4);
            os_alloc_fail_at(0, false);
            CHECK(plain("four") == 4);
            CHECK(plain("four") == 4 && outcome() == SWR_HIT);
        }
    return finish("promises 6, 7");
}
