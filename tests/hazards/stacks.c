/* A thread is not a stack: coroutines that are abandoned or go on elsewhere, waits that are left. */
#include "hazard.h"

#include <setjmp.h>
#include <sys/mman.h>
#include <ucontext.h>

enum { STACK = 256 << 10 };

static _Atomic int bodies, yields, version;
static ucontext_t scheduler, coroutine;

static __attribute__((noinline)) int yielding(int n)
{
    int was = version;
    bodies++;
    if (atomic_exchange(&yields, 0) != 0)
        swapcontext(&coroutine, &scheduler);
    return n * 10 + was;
}

SWR_CACHED(int, plain, (SWR_VAL(int, n)), .wait_ms = SWR_FOREVER, .ttl_ms = SWR_FOREVER)
{
    return yielding(n);
}

SWR_CACHED(int, other, (SWR_VAL(int, n)), .ttl_ms = SWR_FOREVER)
{
    return n + 1;
}

static _Atomic int answer;

static void in_coroutine(void)
{
    answer = plain(1);
    setcontext(&scheduler);
}

static void *start(void)
{
    void *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(stack != MAP_FAILED && getcontext(&coroutine) == 0);
    coroutine.uc_stack = (stack_t){.ss_sp = stack, .ss_size = STACK};
    coroutine.uc_link = NULL;
    makecontext(&coroutine, in_coroutine, 0);
    yields = 1;
    answer = 0;
    CHECK(swapcontext(&scheduler, &coroutine) == 0);
    return stack;
}

static __attribute__((noinline)) void deeper(int levels)
{
    volatile char room[1000];
    for (size_t i = 0; i < sizeof room; i++)
        room[i] = 1;
    if (levels > 0) {
        deeper(levels - 1);
        CHECK(room[levels] == 1);
        return;
    }
    for (int n = 0; n < 20; n++)
        CHECK(other(n) == n + 1);
    SWR_INVALIDATE_ALL(other);
    for (int n = 0; n < 20; n++)
        CHECK(other(n) == n + 1 && outcome() == SWR_MISS);
}

/* Its stack is gone, and whatever the runtime kept of it. */
static void abandoned(void)
{
    for (int i = 0; i < 20; i++) {
        SWR_INVALIDATE_ALL(plain);
        void *stack = start();
        munmap(stack, STACK);
        deeper(i % 5);
        CHECK(plain(1) == 10 + version && outcome() == SWR_MISS);
        CHECK(plain(1) == 10 + version && outcome() == SWR_HIT);
    }
}

static void *resume(void *unused)
{
    ucontext_t back = scheduler;
    CHECK(other(100) == 101); /* with a record of its own */
    CHECK(swapcontext(&scheduler, &coroutine) == 0);
    scheduler = back;
    CHECK(answer == 10 + version - 1);
    CHECK(plain(1) == 10 + version && outcome() != SWR_BYPASS);
    CHECK(other(100) == 101 && outcome() == SWR_HIT);
    return unused;
}

/* The body begins on one thread and comes back on another: its result is the caller's, and is not kept. */
static void moved(void)
{
    for (int i = 0; i < 20; i++) {
        pthread_t thread;
        SWR_INVALIDATE_ALL(plain);
        void *stack = start();
        /* What it read is old by the time that it comes back. */
        int before = bodies;
        version++;
        CHECK(pthread_create(&thread, NULL, resume, NULL) == 0);
        for (int n = 0; n < 50; n++)
            CHECK(other(n) == n + 1 && outcome() != SWR_BYPASS);
        pthread_join(thread, NULL);
        CHECK(bodies == before + 1);
        CHECK(plain(1) == 10 + version && outcome() == SWR_HIT);
        deeper(2);
        munmap(stack, STACK);
    }
}

static _Atomic int hold, held;

SWR_CACHED(int, slow, (SWR_VAL(int, n)), .wait_ms = SWR_FOREVER, .ttl_ms = SWR_FOREVER)
{
    held = 1;
    while (hold)
        pause_ms(1);
    return n;
}

static void *lead(void *unused)
{
    slow(1);
    return unused;
}

static sigjmp_buf out;
static _Atomic int waiting;

static void on_signal(int number)
{
    (void)number;
    if (waiting)
        siglongjmp(out, 1);
}

static void *call_away(void *thread)
{
    while (!waiting)
        pause_ms(1);
    pause_ms(2);
    pthread_kill(*(pthread_t *)thread, SIGUSR1);
    return NULL;
}

static void waits(void)
{
    pthread_t self = pthread_self(), leader, caller;
    signal(SIGUSR1, on_signal);
    for (int i = 0; i < 10; i++) {
        SWR_INVALIDATE_ALL(slow);
        held = 0;
        hold = 1;
        CHECK(pthread_create(&leader, NULL, lead, NULL) == 0);
        while (!held)
            pause_ms(1);
        CHECK(pthread_create(&caller, NULL, call_away, &self) == 0);
        if (sigsetjmp(out, 1) == 0) {
            waiting = 1;
            slow(1);
            CHECK(!"a wait that ends");
        }
        waiting = 0;
        int state, type;
        pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state);
        pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &type);
        CHECK(state == PTHREAD_CANCEL_ENABLE && type == PTHREAD_CANCEL_DEFERRED);
        CHECK(other(1) == 2 && outcome() != SWR_BYPASS);
        hold = 0;
        pthread_join(leader, NULL);
        pthread_join(caller, NULL);
        CHECK(slow(1) == 1 && outcome() == SWR_HIT);
    }
}

int main(void)
{
    watchdog(60);
    waits();
    abandoned();
    moved();
    return finish("stacks");
}
