/*
 * service.c - the threads of services, with nothing but base: they are counted however they end, waited for
 * until the system has them no more, and forgotten in a fork's child.
 *
 * It is compiled without tables for unwinding: pthread_exit() then comes by no cleanup handler of a frame.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../process.h"
#include "base/service.h"

/* What is waited for comes; a test that failed would wait so long. */
#define PATIENCE_NS UINT64_C(60000000000)
#define TASKS       process_count("/proc/self/task")

static struct service one, other;
static sem_t entered, go_on;
static int alone; /* threads of the process without any of a service */

static void set_up(void)
{
    service_ready();
    sem_init(&entered, 0, 0);
    sem_init(&go_on, 0, 0);
    alone = TASKS;
}
TestSuite(service, .init = set_up);

static void sem_take(sem_t *s)
{
    while (sem_wait(s) != 0 && errno == EINTR)
        ;
}

static void serve(struct service *s)
{
    sem_post(&entered);
    while (service_wanted(s) == SERVICE_TO_RUN)
        service_sleep(s, UINT64_MAX);
}

static void serve_one(void)
{
    serve(&one);
}

static void serve_other(void)
{
    serve(&other);
}

static const struct service_thread of_one = {&one, "one", serve_one, 0},
                                   of_other = {&other, "other", serve_other, 0};

static void start(const struct service_thread *kind, int how_many)
{
    for (int i = 0; i < how_many; i++)
        cr_assert_eq(service_start(kind), 0);
    for (int i = 0; i < how_many; i++)
        sem_take(&entered);
}

Test(service, starts_stops_and_is_gone)
{
    cr_assert(service_await(&one, 0), "nothing was started");
    start(&of_one, 3);
    cr_assert_eq(service_alive(&one), 3);
    cr_assert_eq(TASKS, alone + 3);
    cr_assert_not(service_await(&one, 0), "nobody asked them to leave");
    cr_assert(service_stop(&one));
    cr_assert_not(service_stop(&one), "it is said once");
    cr_assert(service_await(&one, PATIENCE_NS));
    cr_assert_eq(service_alive(&one), 0);
    cr_assert_eq(TASKS, alone);
}

Test(service, starts_nothing_once_it_is_to_stop)
{
    service_stop(&one);
    cr_assert_not(service_rest(&one));
    service_resume(&one);
    cr_assert_eq(service_wanted(&one), SERVICE_TO_STOP, "a rest does not undo it");
    cr_assert_eq(service_start(&of_one), ECANCELED);
    cr_assert_eq(service_alive(&one), 0);
    cr_assert_eq(TASKS, alone);
}

Test(service, counts_no_thread_that_there_is_none)
{
    service_refuse(true);
    cr_assert_eq(service_start(&of_one), EAGAIN);
    cr_assert_eq(service_alive(&one), 0);
    service_refuse(false);
    start(&of_one, 1);
    cr_assert_eq(service_asked(), 2);
    service_stop(&one);
    cr_assert(service_await(&one, PATIENCE_NS));
}

Test(service, rests_and_goes_on)
{
    for (int round = 0; round < 100; round++) {
        start(&of_one, 2);
        cr_assert(service_rest(&one));
        cr_assert(service_await(&one, PATIENCE_NS));
        cr_assert_eq(TASKS, alone, "the system has none of them in round %d", round);
        service_resume(&one);
    }
}

Test(service, sleeps_until_its_time)
{
    service_sleep(&one, os_monotonic() + 1);
    cr_assert_eq(service_wanted(&one), SERVICE_TO_RUN);
}

Test(service, is_one_of_two_side_by_side)
{
    start(&of_one, 2);
    start(&of_other, 1);
    service_stop(&one);
    cr_assert(service_await(&one, PATIENCE_NS));
    cr_assert_eq(service_alive(&other), 1);
    cr_assert_eq(TASKS, alone + 1);
    cr_assert_not(service_await(&other, 0));
    cr_assert_eq(service_wanted(&other), SERVICE_TO_RUN);
    service_rest(&other);
    cr_assert(service_await(&other, PATIENCE_NS));
    cr_assert_eq(TASKS, alone);
}

static void end_thread(void)
{
    pthread_exit(NULL);
}

static pthread_t cancelled;

static void be_cancelled(void)
{
    cancelled = pthread_self();
    sem_post(&entered);
    for (;;)
        pause();
}

Test(service, counts_a_thread_that_ends_by_pthread_exit)
{
    static const struct service_thread kind = {&one, "one", end_thread, 0};
    for (int i = 0; i < 50; i++)
        cr_assert_eq(service_start(&kind), 0);
    cr_assert(service_await(&one, PATIENCE_NS));
    cr_assert_eq(TASKS, alone);
}

Test(service, counts_a_thread_that_is_cancelled)
{
    static const struct service_thread kind = {&one, "one", be_cancelled, 0};
    start(&kind, 1);
    cr_assert_eq(pthread_cancel(cancelled), 0);
    cr_assert(service_await(&one, PATIENCE_NS));
    cr_assert_eq(TASKS, alone);
}

static pthread_key_t hosts;

static void linger(void *unused)
{
    (void)unused;
    sem_post(&entered);
    sem_take(&go_on);
}

static void end_with_a_destructor(void)
{
    pthread_setspecific(hosts, &hosts);
}

/* It has said its last word to the service, and its host's destructors run: it is still there. */
Test(service, waits_for_a_thread_that_ended_just_before)
{
    static const struct service_thread kind = {&one, "one", end_with_a_destructor, 0};
    pthread_key_create(&hosts, linger);
    start(&kind, 1);
    cr_assert_eq(service_alive(&one), 0);
    cr_assert_not(service_await(&one, 0));
    cr_assert_not(service_await(&one, 0), "who waited in vain has not forgotten it");
    sem_post(&go_on);
    cr_assert(service_await(&one, PATIENCE_NS));
    cr_assert_eq(TASKS, alone);
}

static void end_at_once(void)
{
    sem_post(&entered);
}

/* As many as are remembered have ended before. */
Test(service, waits_for_a_thread_after_many_others)
{
    static const struct service_thread brief = {&one, "one", end_at_once, 0};
    static const struct service_thread kind = {&one, "one", end_with_a_destructor, 0};
    start(&brief, SERVICE_ENDING);
    while (TASKS != alone)
        sched_yield();
    pthread_key_create(&hosts, linger);
    start(&kind, 1);
    cr_assert_not(service_await(&one, 0));
    sem_post(&go_on);
    cr_assert(service_await(&one, PATIENCE_NS));
    cr_assert_eq(TASKS, alone);
}

/* More than are remembered hang in their destructors. */
Test(service, lets_more_threads_end_than_it_remembers)
{
    static const struct service_thread kind = {&one, "one", end_with_a_destructor, 0};
    pthread_key_create(&hosts, linger);
    start(&kind, SERVICE_ENDING + 1);
    cr_assert_eq(service_alive(&one), 0);
    for (int i = 0; i <= SERVICE_ENDING; i++)
        sem_post(&go_on);
    cr_assert(service_await(&one, PATIENCE_NS));
}

/* The program has locked this thread in, and forbids what nobody says that the library needs. */
static void end_locked_in(void)
{
    static const int forbidden[] = {SYS_tgkill, SYS_tkill, SYS_kill, SYS_getpid, SYS_nanosleep, SYS_openat};
    enum { COUNT = sizeof forbidden / sizeof *forbidden };
    struct sock_filter code[2 * COUNT + 2];
    unsigned short n = 0;
    code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < COUNT; i++) {
        code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)forbidden[i], 0, 1);
        code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
    }
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    const struct sock_fprog program = {n, code};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program); /* where there is none, nothing is tested */
    sem_post(&entered);
}

Test(service, asks_the_system_for_little_when_a_thread_ends)
{
    static const struct service_thread kind = {&one, "one", end_locked_in, 0};
    for (int i = 0; i < 3; i++) {
        start(&kind, 1);
        cr_assert(service_await(&one, PATIENCE_NS));
    }
    cr_assert_eq(TASKS, alone);
}

static void park(void)
{
    sem_post(&entered);
    service_park();
}

Test(service, parks_for_ever)
{
    static const struct service_thread kind = {&one, "one", park, 0};
    start(&kind, 1);
    service_stop(&one);
    cr_assert_not(service_await(&one, 1000000));
    cr_assert_eq(service_alive(&one), 1);
}

static bool was_member, was_alone;

static void wait_for_itself(void)
{
    was_member = service_member(&one) && !service_member(&other);
    was_alone = service_await(&one, PATIENCE_NS);
    sem_post(&entered);
}

Test(service, has_no_thread_wait_for_itself)
{
    static const struct service_thread kind = {&one, "one", wait_for_itself, 0};
    cr_assert_not(service_member(&one));
    start(&kind, 1);
    cr_assert(service_await(&one, PATIENCE_NS));
    cr_assert(was_member && was_alone);
}

static int status_of(pid_t child)
{
    int status = -1;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

static int forgets(void)
{
    if (!service_forget(&one) || service_forget(&other))
        return 1;
    if (service_alive(&one) != 0 || !service_await(&one, PATIENCE_NS))
        return 2;
    /* The rest was another thread's, and ends with it. */
    if (service_wanted(&one) != SERVICE_TO_RUN || service_start(&of_one) != 0)
        return 3;
    sem_take(&entered);
    if (service_alive(&one) != 1)
        return 4;
    service_stop(&one);
    return service_await(&one, PATIENCE_NS) && service_alive(&one) == 0 ? 0 : 5;
}

Test(service, is_forgotten_in_a_forks_child)
{
    static const struct service_thread kind = {&one, "one", park, 0};
    start(&kind, 2);
    service_rest(&one);
    pid_t child = fork();
    if (child == 0)
        _exit(forgets());
    cr_assert_eq(status_of(child), 0);
    cr_assert_eq(service_alive(&one), 2, "the parent has them all the same");
}

/* Nobody has told the child, or it shares the memory of its parent. */
Test(service, has_no_thread_in_another_process)
{
    start(&of_one, 1);
    pid_t child = fork();
    if (child == 0)
        _exit(service_alive(&one) != 0 || service_rest(&one) || !service_await(&one, PATIENCE_NS));
    cr_assert_eq(status_of(child), 0);
    cr_assert_eq(service_alive(&one), 1);
}

static pid_t parent, of_thread;

static void handler(void)
{
    if (getpid() != parent)
        _exit(9);
}

static void forget_and_go_on(void)
{
    of_thread = fork();
    if (of_thread == 0) {
        if (!service_member(&one) || !service_forget(&one) || service_member(&one))
            _exit(1);
        return;
    }
    sem_post(&entered);
}

/* In the child it is the only thread: to come back would end the process, with all that its host does then.
 */
Test(service, has_its_thread_vanish_in_the_child_that_it_forked)
{
    static const struct service_thread kind = {&one, "one", forget_and_go_on, 0};
    parent = getpid();
    atexit(handler);
    start(&kind, 1);
    cr_assert_eq(status_of(of_thread), 0);
    cr_assert(service_await(&one, PATIENCE_NS));
}

static void forget_and_exit_thread(void)
{
    of_thread = fork();
    if (of_thread == 0) {
        service_forget(&one);
        pthread_exit(NULL);
    }
    sem_post(&entered);
}

static void count_at_exit(void)
{
    if (getpid() != parent)
        _exit(service_alive(&one) == 0 && atomic_load(&one.alive) == 0 ? 0 : 8);
}

Test(service, counts_no_thread_twice_that_ends_in_the_child_that_it_forked)
{
    static const struct service_thread kind = {&one, "one", forget_and_exit_thread, 0};
    parent = getpid();
    atexit(count_at_exit);
    start(&kind, 1);
    cr_assert_eq(status_of(of_thread), 0);
    cr_assert(service_await(&one, PATIENCE_NS));
}
