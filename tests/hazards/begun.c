/*
 * S66: whoever comes first starts our threads, and may be bound to a processor, hurried or held back, with
 * another locale and another way to round. The threads are the program's, not his: they begin with what the
 * program began with, have names, and leave it to nobody to be interrupted by a signal.
 */
#include "hazard.h"

#include <dirent.h>
#include <fenv.h>
#include <locale.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "scratch.h"

/* What a thread has, as it sees itself. */
struct standing {
    int policy, nice, rounding, cancel_state, cancel_type;
    long slack, io_priority;
    cpu_set_t processors;
    sigset_t blocked;
    bool global_locale;
    char name[16];
};

static struct standing program, body;
static _Atomic pid_t body_thread;

/* By the result, not by libm: the number nearest to a third is below it. */
static int rounding(void)
{
    volatile double one = 1, three = 3;
    return one / three > 1.0 / 3 ? FE_UPWARD : FE_TONEAREST;
}

static void look(struct standing *s)
{
    pid_t self = (pid_t)syscall(SYS_gettid);
    s->policy = sched_getscheduler(self);
    s->nice = getpriority(PRIO_PROCESS, (id_t)self);
    s->rounding = rounding();
    s->slack = prctl(PR_GET_TIMERSLACK);
    s->io_priority = syscall(SYS_ioprio_get, 1, 0);
    sched_getaffinity(self, sizeof s->processors, &s->processors);
    pthread_sigmask(SIG_SETMASK, NULL, &s->blocked);
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &s->cancel_state);
    pthread_setcancelstate(s->cancel_state, NULL);
    pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &s->cancel_type);
    pthread_setcanceltype(s->cancel_type, NULL);
    s->global_locale = uselocale((locale_t)0) == LC_GLOBAL_LOCALE;
    prctl(PR_GET_NAME, s->name);
}

SWR_CACHED(int, look_around, (SWR_VAL(int, n)), .ttl_ms = 1000, .stale_ms = SWR_FOREVER, .jitter_pct = 0)
{
    look(&body);
    atomic_store(&body_thread, (pid_t)syscall(SYS_gettid));
    return n;
}

/* What the system lets this user take back: a program without rights cannot be less nice again. */
static bool privileged(void)
{
    return geteuid() == 0;
}

/* One thing at a time is changed in the thread that comes first. */
static void pinned(void)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &program.processors) && CPU_COUNT(&one) == 0)
            CPU_SET(cpu, &one);
    CHECK(sched_setaffinity(0, sizeof one, &one) == 0);
}

static void nicer(void)
{
    if (privileged())
        CHECK(setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), 19) == 0);
}

static void scheduled(int policy, int priority)
{
    struct sched_param how = {.sched_priority = priority};
    if (privileged() && sched_setscheduler(0, policy, &how) != 0)
        CHECK(errno == EPERM); /* a container has no such right either */
}

static void hurried(void)
{
    scheduled(SCHED_FIFO, 10);
}

static void idle(void)
{
    scheduled(SCHED_IDLE, 0);
}

static void late(void)
{
    CHECK(prctl(PR_SET_TIMERSLACK, 500000000ul) == 0);
}

static void slow_disk(void)
{
    CHECK(syscall(SYS_ioprio_set, 1, 0, 3 << 13) == 0);
}

static void round_up(void)
{
#if defined(__x86_64__)
    unsigned mxcsr;
    __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
    mxcsr |= 2u << 13;
    __asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
#elif defined(__aarch64__)
    uint64_t fpcr;
    __asm__ volatile("mrs %0, fpcr" : "=r"(fpcr));
    fpcr |= 1u << 22;
    __asm__ volatile("msr fpcr, %0" : : "r"(fpcr));
#endif
    CHECK(rounding() == FE_UPWARD);
}

static void other_locale(void)
{
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    CHECK(c != (locale_t)0 && uselocale(c) == LC_GLOBAL_LOCALE);
}

static void uncancelled(void)
{
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
}

static void open_to_signals(void)
{
    sigset_t none;
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, NULL);
}

static void renamed(void)
{
    prctl(PR_SET_NAME, "first");
}

static void (*const changes[])(void) = {pinned,          nicer,    idle,         late,
                                        slow_disk,       round_up, other_locale, uncancelled,
                                        open_to_signals, renamed,  hurried};
enum { CHANGES = sizeof changes / sizeof *changes };

/* Of another thread, what the system tells of it. */
static void as_the_program(pid_t thread)
{
    cpu_set_t processors;
    CHECK(sched_getscheduler(thread) == program.policy);
    CHECK(getpriority(PRIO_PROCESS, (id_t)thread) == program.nice);
    CHECK(sched_getaffinity(thread, sizeof processors, &processors) == 0);
    CHECK(CPU_EQUAL(&processors, &program.processors));
}

/* 0: there is none. */
static pid_t thread_named(const char *name)
{
    pid_t found = 0;
    DIR *tasks = opendir("/proc/self/task");
    for (struct dirent *e; tasks != NULL && (e = readdir(tasks)) != NULL;) {
        char path[300], comm[32] = "";
        snprintf(path, sizeof path, "/proc/self/task/%s/comm", e->d_name);
        FILE *f = fopen(path, "re");
        if (f != NULL && fgets(comm, sizeof comm, f) != NULL && strncmp(comm, name, strlen(name)) == 0)
            found = atoi(e->d_name);
        if (f != NULL)
            fclose(f);
    }
    if (tasks != NULL)
        closedir(tasks);
    return found;
}

static void *first(void *cookie)
{
    mode_t mask = umask(027);
    (void)cookie;
    for (int i = 0; i < CHANGES; i++)
        changes[i]();
    CHECK(look_around(1) == 1 && atomic_load(&body_thread) == (pid_t)syscall(SYS_gettid));
    CHECK(!body.global_locale && body.rounding == FE_UPWARD); /* here it is the caller's own affair */
    swrcache_advance(2000);
    CHECK(look_around(1) == 1 && outcome() == SWR_STALE_HIT);
    CHECK(swrcache_drain(60000));
    CHECK(atomic_load(&body_thread) != (pid_t)syscall(SYS_gettid));
    CHECK(umask(mask) == 027);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t thread;
    (void)argc;
    setenv("SWR_CLOCK", "manual", 1);
    scratch_socket(argv);
    watchdog(60);
    look(&program);
    CHECK(pthread_create(&thread, NULL, first, NULL) == 0);
    pthread_join(thread, NULL);
    CHECK(body.policy == program.policy);
    CHECK(body.nice == program.nice);
    CHECK(body.rounding == FE_TONEAREST);
    CHECK(body.slack == program.slack);
    CHECK(body.io_priority == program.io_priority);
    CHECK(CPU_EQUAL(&body.processors, &program.processors));
    CHECK(body.global_locale);
    CHECK(body.cancel_state == PTHREAD_CANCEL_ENABLE && body.cancel_type == PTHREAD_CANCEL_DEFERRED);
    for (int signal = 1; signal < 32; signal++)
        CHECK(signal == SIGKILL || signal == SIGSTOP || sigismember(&body.blocked, signal));
    CHECK(strcmp(body.name, "swr-refresh") == 0);
    int fd = scratch_connect();
    CHECK(fd >= 0);
    pid_t control = thread_named("swr-control");
    CHECK(control != 0);
    if (control != 0)
        as_the_program(control);
    close(fd);
    scratch_remove();
    return finish("threads that others begin");
}
