/*
 * S10: every way to another process, amid calls and refreshes: those without fork's handlers up to exec, a
 * fork behind libc's back, from a body, from a signal handler, from a destructor. Up to exec nothing special
 * happens; a child that nobody told calls its functions plainly and waits for nobody.
 */
#include "hazard.h"

#include <sched.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/time.h>

enum { ROUNDS = SANITIZED ? 10 : 60, HAMMERS = ADDRESS_SANITIZED ? 0 : 3 };

extern char **environ;

static _Atomic int stop, late_forks;
static _Atomic int *shared; /* with children */

SWR_CACHED(long, twice, (SWR_VAL(long, n)), .ttl_ms = 2, .stale_ms = SWR_FOREVER, .max_entries = 200)
{
    return 2 * n;
}

SWR_CACHED(long, lasting, (SWR_VAL(long, n)))
{
    return n + 1;
}

/* Misses, evictions, and refreshes by the pool all the time. */
static void *hammer(void *cookie)
{
    unsigned seed = (unsigned)(size_t)cookie + 1;
    while (!stop) {
        long n = rand_r(&seed) % 400;
        CHECK(twice(n) == 2 * n);
        if (n % 16 == 0)
            SWR_INVALIDATE(twice, n);
    }
    return NULL;
}

static bool calls_go(void)
{
    for (long n = 0; n < 20; n++)
        if (twice(n) != 2 * n || twice(100000 + n) != 200000 + 2 * n)
            return false;
    return true;
}

/* What a child that was not prepared does: plain calls alone, whatever lock somebody held. */
static void untold_child(void)
{
    alarm(100);
    for (long n = 0; n < 100; n++)
        if (twice(n) != 2 * n || outcome() != SWR_BYPASS || lasting(n) != n + 1 || outcome() != SWR_BYPASS)
            _exit(1);
    SWR_INVALIDATE_ALL(twice);
    swrcache_drain(0);
    _exit(0);
}

static void untold(void)
{
    for (int round = 0; round < ROUNDS; round++) {
        pid_t child = round % 2 ? _Fork() : (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
        if (child == 0)
            untold_child();
        CHECK(child > 0 && wait_child(child) == 0);
    }
}

/* The memory is the parent's: what the child does there must leave the cache as good as it was. */
static void borrowed(void)
{
    CHECK(lasting(1) == 2);
    for (int round = 0; round < ROUNDS; round++) {
        pid_t child = vfork();
        if (child == 0) {
            if (lasting(1) != 2 || lasting(1000 + round) != 1001 + round)
                _exit(1);
            execl("/bin/true", "true", (char *)NULL);
            _exit(2);
        }
        CHECK(child > 0 && wait_child(child) == 0);
        CHECK(lasting(1) == 2 && outcome() == SWR_HIT);
        /* ThreadSanitizer makes a fork() of it. */
        CHECK(lasting(1000 + round) == 1001 + round && (outcome() == SWR_HIT || SANITIZED));
    }
}

static void programs(void)
{
    char *arguments[] = {(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c", (char *)(uintptr_t) "exit 7",
                         NULL};
    for (int round = 0; round < ROUNDS / 5; round++) {
        pid_t child;
        char word[16] = "";
        CHECK(posix_spawn(&child, "/bin/sh", NULL, NULL, arguments, environ) == 0 && wait_child(child) == 7);
        int status = system("exit 9");
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 9);
        FILE *pipe = popen("echo word", "r");
        CHECK(pipe != NULL && fgets(word, sizeof word, pipe) != NULL && strcmp(word, "word\n") == 0);
        CHECK(pipe != NULL && pclose(pipe) == 0);
        CHECK(calls_go());
    }
}

/* As daemons start: twice forked, without a terminal, its directory changed. */
static void daemons(void)
{
    for (int round = 0; round < ROUNDS / 5; round++) {
        shared[0] = 0;
        pid_t child = fork_calmly();
        if (child == 0) {
            if (daemon(0, 0) != 0)
                _exit(1);
            alarm(100);
            shared[0] = calls_go() && twice(1) == 2 && outcome() != SWR_BYPASS ? 1 : 2;
            _exit(0);
        }
        CHECK(wait_child(child) == 0);
        while (shared[0] == 0)
            pause_ms(1);
        CHECK(shared[0] == 1);
    }
}

/* _Fork() is the one that a handler may call; fork() is called by many. */
static void on_tick(int number)
{
    int saved = errno;
    (void)number;
    pid_t child = late_forks++ % 2 ? _Fork() : fork();
    if (child == 0) {
        alarm(100);
        for (long n = 0; n < 20; n++)
            if (twice(n) != 2 * n)
                _exit(1);
        _exit(0);
    }
    if (child <= 0 || wait_child(child) != 0)
        hazard_failures++;
    errno = saved;
}

/* In the main thread alone, which allocates nothing here itself: fork() takes malloc's locks. */
static void from_handlers(void)
{
    struct sigaction action = {.sa_handler = on_tick, .sa_flags = SA_RESTART};
    sigset_t prof;
    sigaction(SIGPROF, &action, NULL);
    sigemptyset(&prof);
    sigaddset(&prof, SIGPROF);
    struct itimerval often = {{0, 2000}, {0, 2000}}, never = {{0, 0}, {0, 0}};
    setitimer(ITIMER_PROF, &often, NULL);
    for (unsigned n = 0; late_forks < ROUNDS; n++) {
        CHECK(twice(n % 300) == 2 * (long)(n % 300));
        if (n % 100 == 0)
            SWR_INVALIDATE_ALL(twice);
    }
    setitimer(ITIMER_PROF, &never, NULL);
    pthread_sigmask(SIG_BLOCK, &prof, NULL);
}

static _Thread_local struct {
    bool wanted;
} forking_thread;
static pthread_key_t key;

static void fork_once(void *unused)
{
    (void)unused;
    pid_t child = fork_calmly();
    if (child == 0) {
        alarm(100);
        _exit(!calls_go());
    }
    CHECK(child > 0 && wait_child(child) == 0);
}

static void *ends_forking(void *unused)
{
    forking_thread.wanted = true;
    CHECK(pthread_setspecific(key, &forking_thread) == 0);
    CHECK(calls_go());
    return unused;
}

/* A destructor of a thread; that of the program is below. */
static void from_thread_destructor(void)
{
    CHECK(pthread_key_create(&key, fork_once) == 0);
    for (int round = 0; round < ROUNDS / 5; round++) {
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, ends_forking, NULL) == 0);
        pthread_join(thread, NULL);
    }
}

static bool ends_by_forking;

__attribute__((destructor)) static void last_of_all(void)
{
    if (!ends_by_forking)
        return;
    fork_once(NULL);
    if (hazard_failures != 0)
        _exit(50);
}

static void from_destructor(void)
{
    pid_t child = fork_calmly();
    if (child == 0) {
        watchdog(20);
        ends_by_forking = true;
        CHECK(calls_go());
        exit(6);
    }
    CHECK(wait_child(child) == 6);
}

int main(void)
{
    pthread_t threads[HAMMERS + 1];
    watchdog(110);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(shared != MAP_FAILED);
    /* Before other threads, of which any might take the signal. The sanitizers' allocators are not made for a
     * fork() amid them. */
    if (!SANITIZED)
        from_handlers();
    /* ThreadSanitizer has locks of its own, which other threads hold for ever in a child that it was not told
     * of. */
    if (THREAD_SANITIZED) {
        CHECK(calls_go());
        untold();
    }
    for (int i = 0; i < HAMMERS; i++)
        pthread_create(&threads[i], NULL, hammer, (void *)(size_t)i);
    if (!THREAD_SANITIZED)
        untold();
    borrowed();
    programs();
    daemons();
    from_thread_destructor();
    stop = 1;
    for (int i = 0; i < HAMMERS; i++)
        pthread_join(threads[i], NULL);
    /* Alone: what the threads of a fork's parent held looks lost when the child ends. */
    CHECK(swrcache_drain(60000));
    from_destructor();
    return finish("spawning");
}
