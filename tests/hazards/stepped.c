/*
 * A call is left by siglongjmp() out of a signal handler, at each of its instructions in turn: afterwards the
 * thread is served as before, nothing is locked, and nothing is kept.
 *
 * The processor stops after every instruction (trap flag). At the place in turn another signal is raised,
 * whose handler jumps. Counted are the instructions of this program, which the runtime is linked into, not
 * libc's. Where the runtime holds signals back the jump comes at the end of that, wherever the signal came:
 * such a part is one place, and is not stepped through.
 */
#include "hazard.h"

#if defined(__x86_64__)

#include <setjmp.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "base/alloc.h"
#include "base/epoch.h"
#include "base/sync.h"
#include "runtime/registry/thread.h"

enum { TRAP_FLAG = 0x100 };

extern const char __executable_start, etext;

static sigjmp_buf out;
static volatile bool stepping, held, giving;
static volatile long places, parts, jump_at; /* so far in this run; -1: nowhere */

static void on_trap(int number, siginfo_t *info, void *context)
{
    ucontext_t *u = context;
    greg_t *r = u->uc_mcontext.gregs;
    (void)number;
    (void)info;
    r[REG_EFL] &= ~(greg_t)TRAP_FLAG;
    if (!stepping)
        return;
    const char *at = (const char *)r[REG_RIP];
    bool ours = at >= &__executable_start && at < &etext;
    bool was_held = held;
    held = sigismember(&u->uc_sigmask, SIGUSR1) == 1;
    giving &= held;
    parts += held && !was_held;
    if ((held ? !was_held : ours) && places++ == jump_at) {
        stepping = false;
        syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGUSR1);
        return;
    }
    if (!held || giving)
        r[REG_EFL] |= TRAP_FLAG;
}

static inline void step_from_here(void)
{
    __asm__ volatile("pushfq\n\torq $0x100, (%%rsp)\n\tpopfq" ::: "memory", "cc");
}

static void on_point(const char *point)
{
    if (!stepping || !held || strcmp(point, "shelter.given") != 0)
        return;
    giving = true;
    step_from_here();
}

static void on_jump(int number)
{
    (void)number;
    siglongjmp(out, 1);
}

/* Did it jump? */
static __attribute__((noinline)) bool run_stepped(void (*run)(void), long place)
{
    places = parts = 0;
    held = giving = false;
    jump_at = place;
    if (sigsetjmp(out, 1) != 0)
        return true;
    stepping = true;
    step_from_here();
    run();
    stepping = false;
    return false;
}

static int version;
static volatile int sink;

SWR_CACHED(int, plain, (SWR_VAL(int, n)), .ttl_ms = SWR_FOREVER)
{
    return n * 10 + version;
}

SWR_CACHED(long, texts, (SWR_STR(text), SWR_VAL(int, n)), .ttl_ms = SWR_FOREVER)
{
    return (long)strlen(text) + n + version;
}

SWR_CACHED(int, above, (SWR_VAL(int, n)), .ttl_ms = SWR_FOREVER, .tags = "stepped")
{
    swrcache_tag("item:%d", n);
    return plain(n) + 1;
}

SWR_CACHED(int, renewed, (SWR_VAL(int, n)), .ttl_ms = SWR_FOREVER, .stale_ms = SWR_FOREVER,
           .refresh = SWR_REFRESH_CALLER)
{
    return n + version;
}

struct box {
    _Atomic int refs;
    int n;
};
static struct box boxes[2] = {{.n = 0}, {.n = 1}};

static void *box_ref(const void *box)
{
    ((struct box *)(uintptr_t)box)->refs++;
    return (void *)(uintptr_t)box;
}

static void box_unref(void *box)
{
    ((struct box *)box)->refs--;
}

SWR_CACHED_OBJECT(struct box, box_of, (SWR_VAL(int, n)), box_ref, box_unref, .ttl_ms = SWR_FOREVER)
{
    return box_ref(&boxes[n]);
}

static _Atomic int lead, entered;

SWR_CACHED(int, awaited, (SWR_VAL(int, n)), .wait_ms = 1, .ttl_ms = SWR_FOREVER)
{
    if (lead != 0 && atomic_exchange(&entered, 1) == 0)
        while (lead != 0)
            pause_ms(1);
    return n + version;
}

SWR_INVALIDATES(int, change, (SWR_VAL(int, n)), ("plain(%d)", n))
{
    return ++version + n;
}

static void run_plain(void)
{
    sink = plain(1);
}

static void run_texts(void)
{
    sink = (int)texts("a text", 1);
}

static void run_box(void)
{
    box_unref(box_of(1));
}

static void run_above(void)
{
    sink = above(1);
}

static void run_renewed(void)
{
    sink = renewed(1);
}

static void run_awaited(void)
{
    sink = awaited(1);
}

static void run_invalidate(void)
{
    SWR_INVALIDATE(plain, 1);
}

static void run_pattern(void)
{
    swrcache_invalidate("plain(>=%d)", 1);
}

static void run_tag(void)
{
    swrcache_invalidate("tag:item:%d", 1);
}

static void run_dictionary(void)
{
    char value[8];
    swrcache_put("stepped.words", "key", 3, "value", 6, 0);
    swrcache_get("stepped.words", "key", 3, value, sizeof value);
}

static void run_batch(void)
{
    swrcache_begin();
    swrcache_put("stepped.words", "key", 3, "other", 6, 0);
    SWR_INVALIDATE(plain, 1);
    swrcache_commit();
}

static void run_change(void)
{
    sink = change(1);
}

static void nothing(void)
{
}

static void *leader(void *unused)
{
    awaited(1);
    return unused;
}

static pthread_t leading;

static void begin_wait(void)
{
    SWR_INVALIDATE(awaited, 1);
    entered = 0;
    lead = 1;
    CHECK(pthread_create(&leading, NULL, leader, NULL) == 0);
    while (entered == 0)
        pause_ms(1);
}

static void end_wait(void)
{
    lead = 0;
    pthread_join(leading, NULL);
}

static void forget_all(void)
{
    swrcache_invalidate("plain");
    swrcache_invalidate("texts");
    swrcache_invalidate("above");
    swrcache_invalidate("box_of");
}

static void make_stale(void)
{
    renewed(1);
    swrcache_expire("renewed(1)");
}

static const struct operation {
    const char *name;
    void (*prepare)(void), (*run)(void), (*after)(void);
} operations[] = {
    {"hit", run_plain, run_plain, nothing},
    {"hit of a text", run_texts, run_texts, nothing},
    {"hit of an object", run_box, run_box, nothing},
    {"miss", forget_all, run_plain, nothing},
    {"miss of an object", forget_all, run_box, nothing},
    {"miss within a miss", forget_all, run_above, nothing},
    {"refresh by the caller", make_stale, run_renewed, nothing},
    {"wait", begin_wait, run_awaited, end_wait},
    {"verb of a key", run_plain, run_invalidate, nothing},
    {"verb of a pattern", run_plain, run_pattern, nothing},
    {"verb of a tag", run_above, run_tag, nothing},
    {"put and get", nothing, run_dictionary, nothing},
    {"batch", run_plain, run_batch, nothing},
    {"writer", run_plain, run_change, nothing},
};

static __attribute__((noinline)) void served(const struct operation *o)
{
    int state, type;
    sigset_t mask;
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state);
    pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &type);
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    CHECK(state == PTHREAD_CANCEL_ENABLE && type == PTHREAD_CANCEL_DEFERRED);
    CHECK(!sigismember(&mask, SIGUSR1) && !sigismember(&mask, SIGTERM));
    swrcache_rollback(); /* what an open batch says passes the cache by */
    /* Not the same call again: that would wait for whom `prepare` has lead. */
    CHECK(plain(2) == 20 || plain(2) > 20);
    CHECK(outcome() != SWR_BYPASS);
    CHECK(!thread_current->busy && !thread_current->held);
    CHECK(atomic_load(&thread_current->epoch.announced) == 0 && thread_current->epoch.depth == 0);
    o->after();
    /* Whatever lock was left taken, these want it, too. */
    o->run();
    swrcache_invalidate("all");
    CHECK(plain(1) == 10 + version);
    CHECK(outcome() == SWR_MISS);
    CHECK(plain(1) == 10 + version);
    CHECK(outcome() == SWR_HIT);
    CHECK(texts("a text", 1) == 7 + version && above(1) == 11 + version && renewed(1) == 1 + version);
}

static __attribute__((noinline)) void served_deeper(const struct operation *o, int levels)
{
    volatile char room[300];
    room[levels] = (char)levels;
    if (levels > 0)
        served_deeper(o, levels - 1);
    else
        served(o);
    sink = room[levels];
}

static uint64_t memory(void)
{
    struct alloc_usage usage;
    swrcache_invalidate("all");
    swrcache_drain(60000);
    epoch_collect();
    epoch_collect();
    alloc_usage(&usage);
    return usage.objects;
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static bool jump(const struct operation *o, long place)
{
    o->prepare();
    bool jumped = run_stepped(o->run, place);
    served_deeper(o, (int)(place % 7) * 2);
    return jumped;
}

/* `budget_ms`: about so long; 0: every place. */
static void each_place(const struct operation *o, double budget_ms)
{
    CHECK(!jump(o, 1000000));
    double began = now_ms();
    CHECK(!jump(o, 1000000));
    double once = now_ms() - began;
    long all = places, held_back = parts, stride = 1, jumps = 0;
    /* A run to a place takes about half of a whole one. */
    while (budget_ms != 0 && (double)all / (double)stride * once / 2 > budget_ms)
        stride++;
    uint64_t before = memory();
    for (long place = getpid() % stride; jump(o, place); place += stride, jumps++)
        continue;
    uint64_t after = memory();
    CHECK(jumps != 0);
    CHECK(SANITIZED || after <= before + 4096);
    printf("%s: %ld places, %ld of them held back; every %ld: %ld jumps, %lld bytes more\n", o->name, all,
           held_back, stride, jumps, (long long)(after - before));
}

int main(int argc, char **argv)
{
    struct sigaction trap = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO},
                     leave = {.sa_handler = on_jump};
    /* Set where there is time for everything. */
    double budget_ms = getenv("SWR_TEST_INPUTS") != NULL ? 0 : 1500;
    watchdog(600);
    sigaddset(&trap.sa_mask, SIGUSR1);
    sigaction(SIGTRAP, &trap, NULL);
    sigaction(SIGUSR1, &leave, NULL);
    atomic_store(&sync_hook, on_point);
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
        if (argc < 2 || strcmp(argv[1], operations[i].name) == 0)
            each_place(&operations[i], budget_ms);
    return finish("stepped");
}

#else

int main(void)
{
    return 77; /* no trap flag that a program could set by itself */
}

#endif
