/*
 * slow.c - the name server of `swrbench names`, preloaded behind the preset: it takes SWRBENCH_SLOW_MS for
 * the host slow.test, and adds a byte to the file SWRBENCH_SLOW_LOG for each question.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void take_time(void)
{
    const char *ms = getenv("SWRBENCH_SLOW_MS"), *log = getenv("SWRBENCH_SLOW_LOG");
    long span = ms ? atol(ms) : 0;
    struct timespec left = {span / 1000, span % 1000 * 1000000};
    int fd = log ? open(log, O_WRONLY | O_APPEND | O_CLOEXEC) : -1;

    if (fd >= 0) {
        while (write(fd, "?", 1) < 0 && errno == EINTR)
            ;
        close(fd);
    }
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
}

__attribute__((visibility("default"))) int getaddrinfo(const char *restrict node,
                                                       const char *restrict service,
                                                       const struct addrinfo *restrict hints,
                                                       struct addrinfo **restrict list)
{
    __typeof__(&getaddrinfo) next;

    *(void **)&next = dlsym(RTLD_NEXT, "getaddrinfo");
    if (node && strcmp(node, "slow.test") == 0) {
        take_time();
        node = "127.0.0.1";
    }
    return next(node, service, hints, list);
}
