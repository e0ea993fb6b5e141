/* A body that is left without returning: by longjmp, cancellation or pthread_exit(). */
#include "hazard.h"

#include <setjmp.h>

enum { WAITERS = 4 };
enum { RETURN, JUMP, HANG, QUIT };

static _Atomic int how, bodies, entered;
static __thread jmp_buf out;

static int leave_somehow(int n)
{
    bodies++;
    int mine = atomic_exchange(&how, RETURN);
    entered = 1;
    if (mine == JUMP)
        longjmp(out, 1);
    if (mine == HANG)
        for (;;)
            pause();
    if (mine == QUIT) {
        pause_ms(100);
        pthread_exit(NULL);
    }
    return n * 10;
}

SWR_CACHED(int, risky, (SWR_VAL(int, n)))
{
    return leave_somehow(n);
}

SWR_CACHED(int, outer, (SWR_VAL(int, n)))
{
    return risky(n) + 1;
}

SWR_CACHED(int, other, (SWR_VAL(int, n)))
{
    return n + 1;
}

/* Scratch and key longer than what fits on the stack. */
SWR_CACHED(int, lengthy, (SWR_STR(text), SWR_VAL(int, n)))
{
    (void)text;
    return leave_somehow(n);
}

static __attribute__((noinline)) int deeper(int levels, int n)
{
    volatile char room[512];
    room[0] = (char)levels;
    return levels == 0 ? risky(n) : deeper(levels - 1, n) + (room[0] == (char)levels ? 0 : 1);
}

static void jumps(void)
{
    int before = bodies;
    how = JUMP;
    if (setjmp(out) == 0) {
        risky(1);
        CHECK(!"came back");
    }
    CHECK(risky(1) == 10 && bodies == before + 2);
    CHECK(risky(1) == 10 && outcome() == SWR_HIT);

    /* Out of two computations at once; the next call comes from further down the stack. */
    how = JUMP;
    if (setjmp(out) == 0)
        outer(2);
    CHECK(deeper(20, 2) == 20);
    CHECK(outer(2) == 21);
    CHECK(outer(2) == 21 && outcome() == SWR_HIT);

    /* Another function first. */
    how = JUMP;
    if (setjmp(out) == 0)
        deeper(10, 3);
    CHECK(other(3) == 4);
    CHECK(other(3) == 4 && outcome() == SWR_HIT);
    CHECK(risky(3) == 30);

    char text[2000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    how = JUMP;
    if (setjmp(out) == 0)
        lengthy(text, 4);
    CHECK(lengthy(text, 4) == 40);
    CHECK(lengthy(text, 4) == 40 && outcome() == SWR_HIT);
}

static void *lead(void *cookie)
{
    int n = *(int *)cookie;
    if (n % 2)
        outer(n);
    else
        risky(n);
    CHECK(!"came back");
    return NULL;
}

static void *follow(void *cookie)
{
    int n = *(int *)cookie;
    if (n % 2)
        CHECK(outer(n) == n * 10 + 1);
    else
        CHECK(risky(n) == n * 10);
    return NULL;
}

static void leader_leaves(int way, int n)
{
    pthread_t leader, waiters[WAITERS];
    int before = bodies;
    entered = 0;
    how = way;
    pthread_create(&leader, NULL, lead, &n);
    while (!entered)
        pause_ms(1);
    for (int i = 0; i < WAITERS; i++)
        pthread_create(&waiters[i], NULL, follow, &n);
    pause_ms(50);
    double start = seconds();
    if (way == HANG)
        pthread_cancel(leader);
    pthread_join(leader, NULL);
    for (int i = 0; i < WAITERS; i++)
        pthread_join(waiters[i], NULL);
    CHECK(seconds() - start < 3);
    CHECK(bodies == before + 2);
    CHECK(risky(n) == n * 10 && outcome() == SWR_HIT);
}

int main(void)
{
    watchdog(60);
    jumps();
    for (int round = 0; round < 5; round++) {
        leader_leaves(HANG, 100 + 4 * round);
        leader_leaves(HANG, 101 + 4 * round);
        leader_leaves(QUIT, 102 + 4 * round);
        leader_leaves(QUIT, 103 + 4 * round);
    }
    return finish("unwinding");
}
