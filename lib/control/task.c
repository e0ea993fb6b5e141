#define _GNU_SOURCE
#include "task.h"
#include "round.h"
#include "runtime/cache/cache.h"
#include "base/clock.h"
#include "base/service.h"

#include <stdatomic.h>
#include <stdint.h>

/* So many of them have their turns within a tenth of a second. */
enum { TURN_MS = 5, TASKS = ROUND_CLIENTS - 1, GONE_MS = 50 };

/* Written by whose turn it is. */
struct task {
    struct client *client; /* NULL: free */
    _Atomic uint32_t runs; /* futex: it is its turn */
    bool over, good;
    int tid;
    uint64_t until; /* ms: the end of its turn */
};

static struct task tasks[TASKS];
static struct task *starting; /* for its thread */
static __thread struct task *mine __attribute__((tls_model("initial-exec")));

static void hand_over(struct task *t, uint32_t runs)
{
    atomic_store(&t->runs, runs);
    os_futex_wake(&t->runs, 1);
}

static void await(struct task *t, uint32_t runs)
{
    while (atomic_load(&t->runs) != runs)
        os_futex_wait(&t->runs, !runs, UINT64_MAX);
}

/* Between two pieces of the command. */
static void amid(void)
{
    if (client_ms() < mine->until)
        return;
    hand_over(mine, 0);
    await(mine, 1);
}

static void run(void)
{
    mine = starting;
    mine->tid = os_gettid();
    cache_meanwhile = amid;
    mine->good = client_line(mine->client);
    mine->over = true;
    hand_over(mine, 0);
}

/* Beside that of the control thread: who waits for a task to end does not wait for that one. */
static struct service service;
static const struct service_thread runner = {&service, "swr-control", run, 512 << 10};

bool task_begin(struct client *c)
{
    struct task *t = tasks;
    while (t < tasks + TASKS && t->client != NULL)
        t++;
    if (t == tasks + TASKS)
        return false;
    *t = (struct task){.client = c, .until = client_ms() + TURN_MS};
    atomic_store(&t->runs, 1);
    starting = t;
    if (service_start(&runner) != 0) {
        t->client = NULL;
        return false;
    }
    c->running = true;
    await(t, 0);
    return true;
}

bool task_any(void)
{
    bool any = false;
    for (const struct task *t = tasks; t < tasks + TASKS; t++)
        any |= t->client != NULL;
    return any;
}

void task_turns(void (*ended)(struct client *c, bool good))
{
    for (struct task *t = tasks; t < tasks + TASKS; t++) {
        struct client *c = t->client;
        if (c != NULL && !t->over) {
            t->until = client_ms() + TURN_MS;
            hand_over(t, 1);
            await(t, 0);
        }
        if (c == NULL || !t->over)
            continue;
        /* Who asked finds no thread of ours that was not there before. */
        os_thread_gone(t->tid, (client_ms() + GONE_MS) * NS_PER_MS);
        t->client = NULL;
        c->running = false;
        ended(c, t->good);
    }
}

void task_fork_child(void)
{
    service_forget(&service);
    for (struct task *t = tasks; t < tasks + TASKS; t++)
        *t = (struct task){.client = NULL};
}
