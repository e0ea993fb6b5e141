#define _GNU_SOURCE
#include "client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { GLANCE_MS = 250, LONGEST_MS = 60000 };

static long long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void tell_silence(const struct process *p)
{
    process_tell(p, process_stopped(p->pid) ? "it is stopped (kill -CONT lets it go on)"
                                            : "no answer within 5 s");
}

/* Looks now and then whether waiting makes sense at all. */
static bool ready(const struct process *p, int fd, short events, long long until)
{
    for (;;) {
        long long left = until - now_ms();
        struct pollfd poller = {.fd = fd, .events = events};
        int rc = poll(&poller, 1, left > GLANCE_MS ? GLANCE_MS : left > 0 ? (int)left : 0);
        if (rc > 0)
            return true;
        if (rc < 0 ? errno != EINTR : left <= 0 || process_stopped(p->pid))
            return false;
    }
}

bool client_ask(const struct process *p, const char *request, client_record *record, void *cookie,
                struct wire_line *status)
{
    static char *reply;
    static size_t room;
    const char *why;
    size_t len = 0, size = strlen(request);
    long long until = now_ms() + CLIENT_WAIT_MS, last = now_ms() + LONGEST_MS;
    int fd = process_dial(p);
    if (fd < 0) {
        if (errno == EAGAIN)
            tell_silence(p);
        else
            process_tell(p, errno == EPERM ? "the socket belongs to another user" : strerror(errno));
        return false;
    }
    for (size_t sent = 0; sent < size;) {
        ssize_t n = send(fd, request + sent, size - sent, MSG_NOSIGNAL);
        if (n > 0) {
            sent += (size_t)n;
        } else if (errno != EAGAIN && errno != EINTR) {
            process_tell(p, strerror(errno));
            close(fd);
            return false;
        } else if (!ready(p, fd, POLLOUT, until)) {
            tell_silence(p);
            close(fd);
            return false;
        }
    }
    for (size_t start = 0;;) {
        char *end = len > start ? memchr(reply + start, '\n', len - start) : NULL;
        if (end != NULL) {
            char *line = reply + start;
            *end = 0;
            start = (size_t)(end + 1 - reply);
            if (!wire_parse(status, line, &why)) {
                process_tell(p, "its reply is malformed");
                break;
            }
            if (status->verb == NULL) {
                if (record != NULL)
                    record(p, status, cookie);
                continue;
            }
            close(fd);
            if (strcmp(status->verb, "ok") == 0)
                return true;
            fprintf(stderr, "swrctl: %ld (%s): %s\n", (long)p->pid, p->program,
                    status->rest != NULL ? status->rest : "an answer of another version");
            return false;
        }
        if (room - len < 4096) {
            /* Records already shown are not needed any more. */
            memmove(reply, reply + start, len - start);
            len -= start;
            start = 0;
            if (room - len < 4096) {
                size_t bigger = room != 0 ? room * 2 : 65536;
                char *data = bigger <= 8u << 20 ? realloc(reply, bigger) : NULL;
                if (data == NULL) {
                    process_tell(p, "its reply is too long");
                    break;
                }
                reply = data;
                room = bigger;
            }
        }
        if (!ready(p, fd, POLLIN, until)) {
            tell_silence(p);
            break;
        }
        ssize_t n = recv(fd, reply + len, room - len, 0);
        if (n > 0) {
            len += (size_t)n;
            if ((until = now_ms() + CLIENT_WAIT_MS) > last)
                until = last;
        } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
            process_tell(p, n == 0 ? "it closed the connection" : strerror(errno));
            break;
        }
    }
    close(fd);
    return false;
}
