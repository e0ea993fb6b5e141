#define _GNU_SOURCE
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t start(const char *path, const char *const *argv, const char *const *settings, int *fd)
{
    int ends[2];
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    pid = fork();
    if (pid == 0) {
        for (; settings && *settings; settings++)
            putenv((char *)(uintptr_t)*settings);
        dup2(ends[1], STDOUT_FILENO);
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
    return start(argv[0], argv, NULL, fd);
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
    pid_t pid = start(path, argv, settings, &fd);

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

bool child_run(const char *const *args, const char *const *settings, char *output, size_t size)
{
    const char *argv[16] = {"swrbench"};

    for (size_t i = 0; args[i] && i + 2 < sizeof argv / sizeof *argv; i++)
        argv[i + 1] = args[i];
    return collect("/proc/self/exe", argv, settings, output, size);
}
