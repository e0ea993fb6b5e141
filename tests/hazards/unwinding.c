/* A body that is left without returning: by longjmp, cancellation or pthread_exit(). */
#include "hazard.h"

#include <setjmp.h>
#include <ucontext.h>

#include "base/os.h"

enum { WAITERS = 4 };
enum { RETURN, JUMP, HANG, QUIT, HOLD };

static _Atomic int how, bodies, entered, release_it;
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
    while (mine == HOLD && !release_it)
        pause_ms(1);
    if (mine == QUIT) {
        pause_ms(100);
        pthread_exit(NULL);
    }
    return n * 10;
}

/* Nobody computes alone for having waited too long: who is not woken hangs. */
SWR_CACHED(int, risky, (SWR_VAL(int, n)), .wait_ms = SWR_FOREVER)
{
    return leave_somehow(n);
}

SWR_CACHED(int, outer, (SWR_VAL(int, n)), .wait_ms = SWR_FOREVER)
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
    for (size_t i = 0; i < sizeof room; i++)
        room[i] = (char)levels;
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

/* Out of a body, and again from further down: it is not taken for a body that calls itself, for long. */
static void jumps_then_deeper(void)
{
    int before = bodies;
    how = JUMP;
    if (setjmp(out) == 0)
        risky(50);
    for (int levels = 1; levels < 40; levels++)
        CHECK(deeper(levels, 50) == 500);
    CHECK(bodies <= before + 3);
    CHECK(deeper(40, 50) == 500 && outcome() == SWR_HIT);
    /* Over and over: what is left behind is cleared away. */
    uint64_t allocations = os_alloc_count();
    for (volatile int i = 0; i < 1000; i++) {
        how = JUMP;
        if (setjmp(out) == 0)
            risky(1000 + i);
    }
    CHECK(os_alloc_count() - allocations < 5000);
    CHECK(risky(1999) == 19990);
}

/* A body on a coroutine's stack is not left when the other stack calls meanwhile, whichever lies lower. */
static ucontext_t on_main, on_other;
static char other_stack[2][256 * 1024];
static int yielded;

SWR_CACHED(int, yielding, (SWR_VAL(int, n)))
{
    bodies++;
    swapcontext(&on_other, &on_main);
    return n * 7;
}

static void coroutine(void)
{
    yielded = yielding(3);
}

static int coroutines(int depth)
{
    volatile char room[8192];
    room[0] = (char)depth;
    for (volatile int which = 0; which < 2; which++) {
        SWR_INVALIDATE_ALL(yielding);
        getcontext(&on_other);
        on_other.uc_stack.ss_sp = other_stack[which];
        on_other.uc_stack.ss_size = sizeof other_stack[which];
        on_other.uc_link = &on_main;
        makecontext(&on_other, coroutine, 0);
        swapcontext(&on_main, &on_other);
        /* The body is in the midst; others are computed, on this stack. */
        for (int i = 0; i < 20; i++)
            CHECK(other(7000 + which * 100 + i + depth * 1000) == 7001 + which * 100 + i + depth * 1000);
        yielded = 0;
        swapcontext(&on_main, &on_other);
        CHECK(yielded == 21);
    }
    return depth == 0 ? 0 : coroutines(depth - 1) + room[0] - depth;
}

/* The same with a signal handler that has a stack of its own. */
static void on_signal(int number)
{
    (void)number;
    for (int i = 0; i < 20; i++)
        CHECK(other(90000 + i) == 90001 + i);
}

SWR_CACHED(int, signalled, (SWR_VAL(int, n)))
{
    bodies++;
    raise(SIGUSR1);
    return n + 2;
}

static void alternate_stack(void)
{
    stack_t stack = {.ss_sp = other_stack[0], .ss_size = sizeof other_stack[0]};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};
    sigaltstack(&stack, NULL);
    sigaction(SIGUSR1, &action, NULL);
    CHECK(signalled(1) == 3);
    CHECK(signalled(1) == 3);
    stack.ss_flags = SS_DISABLE;
    sigaltstack(&stack, NULL);
}

static void *with_other_stacks(void *unused)
{
    coroutines(2);
    alternate_stack();
    return unused;
}

static _Atomic int callers;

/* A waiter is no longer waited for when it is cancelled: it gets its answer first. */
static void *cancelled_waiter(void *cookie)
{
    int n = *(int *)cookie;
    callers++;
    int got = risky(n);
    CHECK(got == n * 10);
    pthread_testcancel();
    CHECK(!"still there");
    return NULL;
}

static void *slow_leader(void *cookie)
{
    return risky(*(int *)cookie), NULL;
}

static void waiter_cancelled(void)
{
    pthread_t leader, waiter;
    void *result;
    int n = 5000;
    entered = 0;
    callers = 0;
    release_it = 0;
    how = HOLD;
    pthread_create(&leader, NULL, slow_leader, &n);
    while (!entered)
        pause_ms(1);
    pthread_create(&waiter, NULL, cancelled_waiter, &n);
    while (!callers)
        pause_ms(1);
    pthread_cancel(waiter);
    release_it = 1;
    pthread_join(leader, NULL);
    pthread_join(waiter, &result);
    CHECK(result == PTHREAD_CANCELED);
    CHECK(risky(n) == n * 10 && outcome() == SWR_HIT);
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
    if (way == HANG)
        pthread_cancel(leader);
    pthread_join(leader, NULL);
    for (int i = 0; i < WAITERS; i++)
        pthread_join(waiters[i], NULL);
    CHECK(bodies == before + 2);
    CHECK(risky(n) == n * 10 && outcome() == SWR_HIT);
}

int main(void)
{
    watchdog(60);
    jumps();
    jumps_then_deeper();
    waiter_cancelled();
    /*
     * The sanitizers do not follow a thread that is unwound by cancellation or pthread_exit(): they miss that
     * locks are taken in there, and fall over when it ends. Nor do they follow a switch of stacks.
     */
    if (!SANITIZED) {
        pthread_t elsewhere;
        with_other_stacks(NULL);
        pthread_create(&elsewhere, NULL, with_other_stacks, NULL);
        pthread_join(elsewhere, NULL);
        for (int round = 0; round < 5; round++) {
            leader_leaves(HANG, 100 + 4 * round);
            leader_leaves(HANG, 101 + 4 * round);
            leader_leaves(QUIT, 102 + 4 * round);
            leader_leaves(QUIT, 103 + 4 * round);
        }
    }
    return finish("unwinding");
}
