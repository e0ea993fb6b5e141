#define _GNU_SOURCE
#include "client.h"
#include "command.h"
#include "request.h"
#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

uint64_t client_ms(void)
{
    return os_monotonic() / NS_PER_MS;
}

void client_open(struct client *c, int fd, pid_t peer)
{
    *c = (struct client){.peer = peer != 0 ? peer : REQUEST_UNSEEN,
                         .since = client_ms(),
                         .out = {.max = WIRE_OUT_MAX, .grow = realloc}};
    descriptor_keep(&c->descriptor, fd);
}

void client_close(struct client *c)
{
    descriptor_close(&c->descriptor);
    free(c->in);
    free(c->out.data);
    *c = (struct client){.descriptor = {.fd = -1}};
}

bool client_write(struct client *c)
{
    while (c->sent < c->out.len) {
        if (!descriptor_ours(&c->descriptor))
            return false;
        ssize_t n =
            send(c->descriptor.fd, c->out.data + c->sent, c->out.len - c->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n <= 0)
            return n < 0 && (errno == EAGAIN || errno == EINTR);
        c->sent += (size_t)n;
    }
    if (c->sent != 0)
        c->since = client_ms();
    c->sent = c->out.len = c->out.record = 0;
    return !c->ending;
}

static char *line_end(const struct client *c)
{
    return c->in_len > 0 ? memchr(c->in, '\n', c->in_len) : NULL;
}

bool client_ready(const struct client *c)
{
    return c->out.len == 0 && (c->in_len >= WIRE_IN_MAX || line_end(c) != NULL);
}

bool client_line(struct client *c)
{
    char *end = line_end(c);
    if (end == NULL) {
        wire_text(&c->out, "error the line is too long; at most 65535 characters");
        wire_end(&c->out);
        c->ending = true;
        return client_write(c);
    }
    size_t used = (size_t)(end + 1 - c->in);
    *end = 0;
    if (end > c->in && end[-1] == '\r')
        end[-1] = 0;
    bool clean = strlen(c->in) + 2 >= used;
    command_run(c->peer, clean ? c->in : NULL, &c->out);
    c->since = client_ms();
    c->answered = true;
    memmove(c->in, c->in + used, c->in_len - used);
    c->in_len -= used;
    return client_write(c);
}

bool client_read(struct client *c)
{
    if (c->in_room - c->in_len < 1024 && c->in_room < WIRE_IN_MAX) {
        size_t room = c->in_room != 0 ? c->in_room * 2 : 4096;
        char *in = realloc(c->in, room);
        if (in == NULL)
            return false;
        c->in = in;
        c->in_room = room;
    }
    if (c->in_room == c->in_len)
        return true;
    ssize_t n = recv(c->descriptor.fd, c->in + c->in_len, c->in_room - c->in_len, MSG_DONTWAIT);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    c->ended = n == 0;
    c->in_len += (size_t)n;
    return true;
}
