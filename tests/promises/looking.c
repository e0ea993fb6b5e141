/*
 * Who queues a refresh wakes nobody while the pool is in use: one idle worker looks by itself, and when that
 * one takes a job another idle one looks in its place. A refresh that was asked for by name waits for the
 * queue.
 */
#include "promise.h"
#include "../process.h"

#include <sched.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/lock.h"
#include "base/sync.h"
#include "runtime/pool/pool.h"

enum { LONG = 3600000, WORKERS = 2, TRIED = 20, TRIES = 500, PROMPT_NS = 300 * 1000000 };

static _Atomic unsigned asleep, wakes, inside;
static _Atomic bool held[WORKERS + 2];
static _Atomic bool closed, through; /* one woken worker passes to take a job, the next waits */
static _Atomic uint32_t threads_seen;

SWR_CACHED(int, slow, (SWR_VAL(int, n)), .ttl_ms = LONG, .stale_ms = LONG)
{
    threads_seen = pool_state().threads;
    inside |= 1u << n;
    while (held[n])
        sched_yield();
    return n;
}

static void count(const char *point)
{
    if (strcmp(point, "worker.idle") == 0) {
        asleep++;
    } else if (strcmp(point, "worker.woken") == 0) {
        asleep--;
        while (closed && (pool_state().queued == 0 || atomic_exchange(&through, true)))
            sched_yield();
    } else if (strcmp(point, "submitter.wakes") == 0) {
        wakes++;
    }
}

static void refresh(int n)
{
    inside &= ~(1u << n);
    held[n] = true;
    SWR_EXPIRE(slow, n);
    while (!(inside & 1u << n)) { /* a caller that finds the queue's lock taken leaves it to a later one */
        slow(n);
        sched_yield();
    }
}

static _Atomic pid_t asker;
static _Atomic bool asked;

static void *ask(void *cookie)
{
    asker = gettid();
    CHECK(SWR_REFRESH(slow, 0) == 1);
    asked = true;
    return cookie;
}

/* It is not left to a later call, which may never come. */
static void asked_for(void)
{
    pthread_t thread;
    inside = 0;
    lock_take(&pool_lock);
    pthread_create(&thread, NULL, ask, NULL);
    while (asker == 0 || !(asked || process_thread_sleeps(asker)))
        sched_yield();
    lock_give(&pool_lock);
    pthread_join(thread, NULL);
    CHECK(swrcache_drain(LONG) && inside == 1);
}

/* False: this machine took so long that idle workers may have left. */
static bool tried(void)
{
    refresh(0);
    refresh(1);
    uint64_t start = clock_now(); /* nobody has been idle for longer */
    held[0] = held[1] = false;
    while (asleep < WORKERS && pool_state().threads == WORKERS)
        sched_yield();
    unsigned before = wakes;
    through = false;
    closed = true;
    refresh(WORKERS);
    /* Who is to look from now on has been called, and has not come yet. */
    SWR_EXPIRE(slow, WORKERS + 1);
    while (pool_state().queued == 0)
        slow(WORKERS + 1);
    bool prompt = threads_seen == WORKERS && clock_now() - start < PROMPT_NS;
    CHECK(!prompt || wakes == before);
    closed = false;
    held[WORKERS] = false;
    CHECK(swrcache_drain(LONG));
    return prompt;
}

int main(int argc, char **argv)
{
    int done = 0;
    (void)argc;
    with_environment(argv, "SWR_THREADS", "2");
    alarm(600);
    for (int n = 0; n <= WORKERS + 1; n++)
        CHECK(slow(n) == n);
    atomic_store(&sync_hook, count);
    asked_for();
    for (int i = 0; i < TRIES && done < TRIED; i++)
        done += tried();
    CHECK(done > 0);
    return finish("looking");
}
