#define _GNU_SOURCE
#include "count.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h>

static void become(const char *const *argv, const char *const *environment)
{
    for (; environment && *environment; environment++)
        putenv((char *)(uintptr_t)*environment);
    if (!freopen("/dev/null", "w", stdout) || ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0 ||
        raise(SIGSTOP) != 0)
        _exit(127);
    execvp(argv[0], (char *const *)(uintptr_t)argv);
    _exit(127);
}

static bool await(pid_t pid, int *status)
{
    while (waitpid(pid, status, 0) < 0)
        if (errno != EINTR)
            return false;
    return true;
}

static bool count_one(pid_t pid, struct counted *counted)
{
    struct ptrace_syscall_info info;
    long got = ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof info, &info);

    if (got < 0)
        return false;
    if (info.op != PTRACE_SYSCALL_INFO_ENTRY)
        return true;
    if (info.entry.nr == SYS_getppid)
        counted->marks++;
    else if (counted->marks == 1)
        counted->between++;
    counted->all++;
    return true;
}

bool count_calls(const char *const *argv, const char *const *environment, struct counted *counted)
{
    pid_t pid;
    int status, signal = 0;
    bool right = true;

    *counted = (struct counted){0};
    fflush(stdout);
    pid = fork();
    if (pid == 0)
        become(argv, environment);
    if (pid < 0 || !await(pid, &status) || !WIFSTOPPED(status) ||
        ptrace(PTRACE_SETOPTIONS, pid, NULL,
               (void *)(uintptr_t)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)) != 0)
        return false;
    while (right && ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(uintptr_t)signal) == 0 &&
           await(pid, &status) && WIFSTOPPED(status)) {
        signal = WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
        if (signal == (SIGTRAP | 0x80)) {
            signal = 0;
            right = count_one(pid, counted);
        }
    }
    if (!right)
        kill(pid, SIGKILL);
    return right && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
