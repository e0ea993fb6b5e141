/*
 * S17: programs that lock themselves in after they have begun: a filter of system calls that kills, one that
 * returns errors, another root directory without /proc, another user. Calls go on. With everything started
 * the library asks the system for what `steady` names and no more; swrcache(3) has the same list.
 */
#include "hazard.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "../process.h"
#include "runtime/pool/pool.h"
#include "scratch.h"

enum { MOST = 80, NOT_HERE = 77 };

static _Atomic int bodies;

SWR_CACHED(int, plus, (SWR_VAL(int, n)), .ttl_ms = 1, .stale_ms = SWR_FOREVER, .jitter_pct = 0,
           .max_entries = 200)
{
    bodies++;
    return n + 1;
}

SWR_CACHED(int, lasting, (SWR_VAL(int, n)), .ttl_ms = SWR_FOREVER)
{
    return n + 2;
}

static const int steady[] = {SYS_futex,         SYS_membarrier,     SYS_mmap,      SYS_munmap, SYS_madvise,
                             SYS_mprotect,      SYS_rt_sigprocmask, SYS_prctl,     SYS_gettid, SYS_getrandom,
                             SYS_clock_gettime, SYS_exit,           SYS_exit_group};
static const int forbidden[] = {SYS_clone, SYS_clone3, SYS_socket, SYS_bind, SYS_openat, SYS_execve};

enum whom { THIS_THREAD, ALL_THREADS = SECCOMP_FILTER_FLAG_TSYNC };

/* Whoever is not on the list, or is, meets `otherwise`. */
static void filter(const int *list, size_t count, bool allowed, uint32_t otherwise, enum whom whom)
{
    struct sock_filter code[2 * MOST];
    unsigned short n = 0;
    code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < count; i++) {
        code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)list[i], 0, 1);
        code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, allowed ? SECCOMP_RET_ALLOW : otherwise);
    }
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, allowed ? otherwise : SECCOMP_RET_ALLOW);
    const struct sock_fprog program = {n, code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, whom, &program) != 0)
        _exit(NOT_HERE);
}

/* Hits, misses, stale hits with their refreshes, evictions, invalidations. No output: that asks the system.
 */
static int work(void)
{
    for (int round = 0; round < 300; round++) {
        for (int n = 0; n < 400; n++)
            if (plus(n % 7) != n % 7 + 1 || plus(n) != n + 1 || lasting(n) != n + 2)
                return 1;
        if (round % 10 == 0)
            SWR_INVALIDATE_ALL(plus);
    }
    return 0;
}

/* What each thread of a process but this one waits for; 0: it runs, or nobody may know. */
static void others_wait_for(pid_t process, void (*visit)(long call, void *cookie), void *cookie)
{
    char tasks_of[40];
    snprintf(tasks_of, sizeof tasks_of, "/proc/%d/task", process);
    DIR *tasks = opendir(tasks_of);
    for (struct dirent *task; tasks != NULL && (task = readdir(tasks)) != NULL;) {
        char path[400], line[100] = "";
        if (task->d_name[0] == '.' || atoi(task->d_name) == (int)syscall(SYS_gettid))
            continue;
        snprintf(path, sizeof path, "%s/%s/syscall", tasks_of, task->d_name);
        FILE *f = fopen(path, "r");
        visit(f != NULL && fgets(line, sizeof line, f) != NULL ? atol(line) : 0, cookie);
        if (f != NULL)
            fclose(f);
    }
    if (tasks != NULL)
        closedir(tasks);
}

static void find_poll(long call, void *found)
{
    *(bool *)found |= call == SYS_poll;
}

/* The control thread has done all it does when nobody asks it: it sleeps in poll(). */
static bool waits_for_clients(pid_t process)
{
    bool waits = false;
    others_wait_for(process, find_poll, &waits);
    return waits;
}

static void find_busy(long call, void *all)
{
    *(bool *)all &= call == SYS_poll || call == SYS_futex;
}

/* Each has begun: what a thread asks the system for at its start is not on the list. */
static bool all_wait(void)
{
    bool all = true;
    others_wait_for(getpid(), find_busy, &all);
    return all;
}

static void control_started(void)
{
    char reply[200];
    int client = scratch_connect();
    CHECK(client >= 0 && send(client, "nonsense\n", 9, MSG_NOSIGNAL) == 9);
    CHECK(recv(client, reply, sizeof reply, 0) >
          0); /* and it is not closed: that would wake the thread again */
    for (int tries = 0; tries < 1000 && !waits_for_clients(getpid()); tries++)
        pause_ms(2);
    if (!waits_for_clients(getpid()))
        _exit(NOT_HERE);
}

static void everything_started(void)
{
    CHECK(plus(1) == 2);
    control_started();
    /* Last, as a worker without work leaves after a second: then another is wanted. */
    bool started = false;
    for (int tries = 0; tries < 100 && !started; tries++) {
        pause_ms(10);
        CHECK(plus(1) == 2 && swrcache_drain(10000));
        for (int looks = 0; looks < 100 && !all_wait(); looks++)
            pause_ms(1);
        started = all_wait() && process_count("/proc/self/task") >= 3;
    }
    CHECK(started);
}

/* Shared with the process that may look for the one that may not: the filter is in force; the control thread
 * has woken by itself since, as it does to look after its socket. */
static _Atomic int *progress;
enum { FILTERED = 1, WOKEN };

static void nothing_but_the_list(void)
{
    everything_started();
    int before = bodies;
    filter(steady, sizeof steady / sizeof *steady, true, SECCOMP_RET_KILL_PROCESS, ALL_THREADS);
    *progress = FILTERED;
    int wrong = work();
    /* The workers go on: they were there. */
    for (int tries = 0; tries < 1000000 && bodies < before + 500; tries++)
        wrong |= plus(3) != 4;
    while (*progress != WOKEN)
        wrong |= plus(3) != 4;
    exit(wrong != 0 ? 1 : bodies < before + 500 ? 2 : 0);
}

static bool ended(pid_t child)
{
    siginfo_t info = {.si_pid = 0};
    return waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != 0;
}

static void see_it_woken(pid_t child)
{
    while (!ended(child) && (*progress != FILTERED || waits_for_clients(child)))
        pause_ms(5);
    *progress = WOKEN;
}

/* Fresh hits ask for nothing at all. */
static void hits_alone(void)
{
    static const int nothing[] = {SYS_exit_group};
    everything_started();
    bool good = lasting(1) == 3 && lasting(2) == 4;
    filter(nothing, 1, true, SECCOMP_RET_KILL_PROCESS, THIS_THREAD);
    for (int i = 0; i < 1000000; i++)
        good &= lasting(1) == 3 && lasting(2) == 4 && outcome() == SWR_HIT;
    syscall(SYS_exit_group, !good);
}

/* No worker yet: none is tried for, as that alone may be the end. Callers get the old value, and past its
 * time compute. */
static void no_new_thread(uint32_t otherwise)
{
    CHECK(lasting(1) == 3 && plus(1) == 2);
    control_started();
    CHECK(pool_state().threads == 0);
    int threads = process_count("/proc/self/task");
    int fd = open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    filter(forbidden, sizeof forbidden / sizeof *forbidden, false, otherwise, ALL_THREADS);
    CHECK(work() == 0);
    CHECK(pool_state().threads == 0 && pool_state().queued == 0);
    DIR *tasks = fdopendir(fd);
    int now = 0;
    while (tasks != NULL && readdir(tasks) != NULL)
        now++;
    CHECK(now - 2 == threads);
    _exit(hazard_failures != 0);
}

static void killed(void)
{
    no_new_thread(SECCOMP_RET_KILL_PROCESS);
}

static void refused(void)
{
    no_new_thread(SECCOMP_RET_ERRNO | EPERM);
}

static void unknown(void)
{
    no_new_thread(SECCOMP_RET_ERRNO | ENOSYS);
}

/* Everything but a few may be refused without killing: nothing of it is needed. */
static void nearly_all_refused(void)
{
    static const int few[] = {SYS_mmap, SYS_write, SYS_exit_group};
    everything_started();
    filter(few, sizeof few / sizeof *few, true, SECCOMP_RET_ERRNO | EPERM, ALL_THREADS);
    syscall(SYS_exit_group, work());
}

static void elsewhere(bool started)
{
    if (getuid() != 0)
        _exit(NOT_HERE);
    if (started)
        everything_started();
    CHECK(chroot(scratch) == 0 && chdir("/") == 0);
    CHECK(setgid(65534) == 0 && setuid(65534) == 0);
    CHECK(access("/proc/self", F_OK) != 0);
    CHECK(work() == 0);
    /* A caller that finds the pool busy leaves the refresh to a later one. */
    int before = bodies;
    for (int tries = 0; tries < 1000 && bodies == before; tries++) {
        pause_ms(2);
        CHECK(plus(5) == 6 && swrcache_drain(10000));
    }
    CHECK(bodies > before);
    CHECK(pool_state().threads > 0);
    exit(hazard_failures != 0);
}

static void another_root(void)
{
    elsewhere(true);
}

static void another_root_first(void)
{
    elsewhere(false);
}

static void in_child(const char *what, void (*run)(void))
{
    pid_t child = fork();
    if (child == 0) {
        watchdog(40);
        hazard_failures = 0;
        run();
    }
    if (run == nothing_but_the_list)
        see_it_woken(child);
    int status = wait_child(child);
    if (status == NOT_HERE) {
        printf("%s: not permitted here\n", what);
    } else if (status != 0) {
        fprintf(stderr, "FAILED: %s: %d\n", what, status);
        hazard_failures++;
    }
    char left[300];
    snprintf(left, sizeof left, "%s/%d.sock", scratch, child);
    unlink(left);
}

int main(int argc, char **argv)
{
    (void)argc;
    scratch_socket(argv);
    watchdog(110);
    progress = mmap(NULL, sizeof *progress, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(progress != MAP_FAILED);
    in_child("nothing but the list", nothing_but_the_list);
    in_child("hits alone", hits_alone);
    in_child("threads kill", killed);
    in_child("threads are refused", refused);
    in_child("threads are unknown", unknown);
    in_child("nearly all is refused", nearly_all_refused);
    in_child("another root directory and user", another_root);
    in_child("another root directory and user at once", another_root_first);
    scratch_remove();
    return finish("sandboxed");
}
