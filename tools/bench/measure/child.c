#define _GNU_SOURCE
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* `input`: what becomes its standard input, or -1. */
static pid_t start(const char *path, const char *const *argv, const char *const *settings, int *fd, int input)
{
    int ends[2];
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    fflush(stdout); /* what is not written yet would be written twice */
    pid = fork();
    if (pid == 0) {
        for (; settings && *settings; settings++)
            putenv((char *)(uintptr_t)*settings);
        dup2(ends[1], STDOUT_FILENO);
        if (input >= 0)
            dup2(input, STDIN_FILENO);
        execvp(path, (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return -1;
    }
    *fd = ends[0];
    return pid;
}

pid_t child_open(const char *const *argv, int *fd)
{
    return start(argv[0], argv, NULL, fd, -1);
}

bool child_close(pid_t pid, int fd)
{
    int status = 0;

    close(fd);
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return false;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool collect(const char *path, const char *const *argv, const char *const *settings, char *output,
                    size_t size)
{
    size_t used = 0;
    ssize_t got;
    int fd;
    pid_t pid = start(path, argv, settings, &fd, -1);

    if (pid < 0)
        return false;
    while ((got = read(fd, output + used, size - 1 - used)) > 0)
        used += (size_t)got;
    output[used] = '\0';
    return child_close(pid, fd);
}

bool child_program(const char *const *argv, const char *const *settings, char *output, size_t size)
{
    return collect(argv[0], argv, settings, output, size);
}

enum { MOST_ARGS = 16 };

static void self_args(const char *const *args, const char *argv[MOST_ARGS])
{
    argv[0] = "swrbench";
    for (size_t i = 0; i + 1 < MOST_ARGS; i++) {
        argv[i + 1] = args[i];
        if (!args[i])
            return;
    }
}

bool child_run(const char *const *args, const char *const *settings, char *output, size_t size)
{
    const char *argv[MOST_ARGS] = {NULL};

    self_args(args, argv);
    return collect("/proc/self/exe", argv, settings, output, size);
}

pid_t child_begin(const char *const *args, const char *const *settings, int *fd, int *input)
{
    const char *argv[MOST_ARGS] = {NULL};
    int ends[2];
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    self_args(args, argv);
    pid = start("/proc/self/exe", argv, settings, fd, ends[0]);
    close(ends[0]);
    *input = ends[1];
    return pid;
}
