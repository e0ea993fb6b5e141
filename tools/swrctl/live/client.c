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

#include "reply.h"
#include "socket.h"

enum { GLANCE_MS = 250, QUEUE_MS = 20, LONGEST_MS = 60000, LONGEST_REPLY = 4 * WIRE_OUT_MAX };
/* A reply that goes on is full, or nearly: of those that are not, so many are read. The largest cache that a
 * machine holds is told in fewer replies than REPLIES_MOST. */
enum { FULL_REPLY = WIRE_OUT_MAX / 4, LITTLE_MOST = 64, REPLIES_MOST = 1 << 17 };

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

static bool transmit(const struct process *p, int fd, const char *request)
{
    long long until = now_ms() + CLIENT_WAIT_MS;
    size_t size = strlen(request);
    for (size_t sent = 0; sent < size;) {
        ssize_t n = send(fd, request + sent, size - sent, MSG_NOSIGNAL);
        if (n > 0) {
            sent += (size_t)n;
        } else if (errno != EAGAIN && errno != EINTR) {
            process_tell(p, strerror(errno));
            return false;
        } else if (!ready(p, fd, POLLOUT, until)) {
            tell_silence(p);
            return false;
        }
    }
    return true;
}

static struct {
    char *text;
    size_t len, room;
} reply;

static bool reply_grow(void)
{
    size_t room = reply.room != 0 ? reply.room * 2 : 65536;
    char *text = room <= LONGEST_REPLY ? realloc(reply.text, room) : NULL;
    if (text == NULL)
        return false;
    reply.text = text;
    reply.room = room;
    return true;
}

/* The line of a reply that begins here is its last. */
static bool last_line(const char *line)
{
    return strncmp(line, "ok ", 3) == 0 || strncmp(line, "ok\n", 3) == 0 || strncmp(line, "error ", 6) == 0;
}

/* The whole reply: the process does not wait for whoever reads what is shown of it. */
static bool receive(const struct process *p, int fd, long long last)
{
    long long until = now_ms() + CLIENT_WAIT_MS;
    size_t line = 0;
    for (reply.len = 0;;) {
        char *end = reply.len > line ? memchr(reply.text + line, '\n', reply.len - line) : NULL;
        if (end != NULL) {
            if (last_line(reply.text + line))
                return true;
            line = (size_t)(end + 1 - reply.text);
            continue;
        }
        if (reply.len == reply.room && !reply_grow()) {
            process_tell(p, "its reply is too long");
            return false;
        }
        if (!ready(p, fd, POLLIN, until)) {
            tell_silence(p);
            return false;
        }
        ssize_t n = recv(fd, reply.text + reply.len, reply.room - reply.len, 0);
        if (n > 0) {
            reply.len += (size_t)n;
            if ((until = now_ms() + CLIENT_WAIT_MS) > last)
                until = last;
        } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
            process_tell(p, n == 0 ? "it closed the connection" : strerror(errno));
            return false;
        }
    }
}

/* Waits while as many others wait to be let in as may. */
static int dial(const struct process *p)
{
    long long until = now_ms() + CLIENT_WAIT_MS;
    for (;;) {
        int fd = socket_dial(p);
        if (fd >= 0 || errno != EAGAIN)
            return fd;
        if (now_ms() >= until || process_stopped(p->pid)) {
            errno = EAGAIN;
            return -1;
        }
        poll(NULL, 0, QUEUE_MS);
    }
}

bool client_ask(const struct process *p, const char *request, reply_record *record, void *cookie,
                struct patience *patience, struct wire_line *status)
{
    if (patience->replies == 0)
        patience->until = now_ms() + LONGEST_MS;
    if (patience->replies++ == REPLIES_MOST || patience->little == LITTLE_MOST ||
        now_ms() >= patience->until) {
        process_tell(p, "its reply does not end");
        return false;
    }
    int fd = dial(p);
    if (fd < 0) {
        if (errno == EAGAIN)
            tell_silence(p);
        else
            process_tell(p, socket_error(errno));
        return false;
    }
    /* Nothing is left with a stopped process: it would obey when it goes on, after this said that it did not.
     */
    bool answered = false;
    if (process_stopped(p->pid))
        tell_silence(p);
    else
        answered = transmit(p, fd, request) && receive(p, fd, patience->until);
    close(fd);
    if (!answered || !reply_read(p, reply.text, reply.len, record, cookie, status))
        return false;
    if (reply.len >= FULL_REPLY)
        patience->until = now_ms() + LONGEST_MS;
    else
        patience->little++;
    return true;
}
