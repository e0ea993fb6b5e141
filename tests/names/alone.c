/*
 * alone.c - what the system permits to a process of one thread alone: threads of ours, for the control socket
 * and for refreshes, do not keep a program that has looked names up from it, and come again. Run inside.sh
 * with the preset preloaded, a control socket and time by hand.
 */
#include <errno.h>
#include <netdb.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "names.h"

static bool resolves(void)
{
    struct addrinfo *list = NULL;
    bool good = getaddrinfo("h6.slow", "80", NULL, &list) == 0;
    if (good)
        freeaddrinfo(list);
    return good;
}

/* Files that have just been written are looked into with every call. */
static bool settled(void)
{
    struct swrcache_info info = {.outcome = SWR_BYPASS};
    for (int i = 0; i < 2000 && info.outcome != SWR_HIT; i++) {
        CHECK(resolves());
        api->last(&info);
        usleep(1000);
    }
    return info.outcome == SWR_HIT;
}

/* The second call is later than a moment after the first, and finds a stale answer. */
static int threads_of_look_ups(void)
{
    CHECK(resolves());
    api->advance(6000);
    CHECK(resolves());
    CHECK(api->drain(10000));
    return process_count("/proc/self/task");
}

static int status_of(pid_t child)
{
    int status = -1;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

static void makes_namespace(void)
{
    for (int round = 0; round < 3; round++) {
        CHECK(threads_of_look_ups() >= 3); /* one worker, or two */
        CHECK(unshare(round == 0 ? CLONE_NEWUSER : CLONE_THREAD) == 0);
        CHECK(process_count("/proc/self/task") == 1);
    }
    CHECK(threads_of_look_ups() >= 3); /* one worker, or two */
}

/* A child has none of its parent's threads, and its own rest as well. */
static void child_makes_namespace(void)
{
    CHECK(threads_of_look_ups() >= 3);
    pid_t child = fork();
    if (child == 0) {
        makes_namespace();
        _exit(failures != 0);
    }
    CHECK(status_of(child) == 0);
}

int main(void)
{
    find_runtime();
    if (api == NULL || getenv("SWR_TEST_FILES") == NULL)
        return 99;
    alarm(100);
    pid_t child = fork();
    if (child == 0)
        _exit(unshare(CLONE_NEWUSER) == 0 ? 0 : 1);
    if (status_of(child) != 0)
        return 77; /* not permitted here at all */
    CHECK(settled());
    child_makes_namespace();
    makes_namespace();
    if (failures == 0)
        puts("alone: as promised");
    return failures != 0;
}
