#define _GNU_SOURCE
#include "round.h"
#include "client.h"
#include "command.h"
#include "task.h"
#include "runtime/cache/cache.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { IDLE_MS = 5000, BACKOFF_MS = 100, AMID_MS = 10 };

static struct descriptor *listening;
static const struct service *service; /* whose thread goes these rounds */
static struct client clients[ROUND_CLIENTS];
static bool serving;       /* a command is being run on this thread, */
static bool aside;         /* and others have their turns in its midst */
static uint64_t rounds;    /* so far */
static uint32_t turn;      /* of the clients, who is first in a round */
static bool backoff;       /* descriptors are short */
static uint64_t next_amid; /* ms: when to look at the others, while a command takes long */

/* False: out of descriptors. */
static bool clients_accept(void)
{
    for (;;) {
        struct client *c = clients;
        while (c < clients + ROUND_CLIENTS && c->descriptor.fd >= 0)
            c++;
        if (c == clients + ROUND_CLIENTS)
            return true;
        int fd = accept4(listening->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0)
            return errno == EAGAIN || errno == EINTR || errno == ECONNABORTED;
        fd = descriptor_above_standard(fd);
        if (fd < 0)
            return false;
        struct ucred peer;
        socklen_t len = sizeof peer;
        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0 || len != sizeof peer ||
            (peer.uid != geteuid() && peer.uid != 0)) {
            close(fd);
            continue;
        }
        client_open(c, fd, peer.pid);
    }
}

/* Its next command: here, or amid another, if it is not done at once, on a thread of its own. Without one it
 * stays for later. False: the client is to be closed. */
static bool client_command(struct client *c)
{
    if (serving && !command_quick(c->in)) {
        task_begin(c);
        return true;
    }
    bool before = serving;
    serving = c->running = true;
    bool good = client_line(c);
    c->running = false;
    serving = before;
    return good;
}

/* It has done with all that was asked, and asks no more. */
static bool client_done(const struct client *c)
{
    return c->ended && !c->running && !client_ready(c) && c->out.len == 0;
}

/* What has become of it since the last round, and one command. False: it is to be closed. */
static bool client_turn(struct client *c, int events)
{
    if ((events & POLLNVAL) != 0 || ((events & POLLHUP) != 0 && c->answered) ||
        !descriptor_ours(&c->descriptor))
        return false;
    if ((events & POLLOUT) != 0 && !client_write(c))
        return false;
    if ((events & (POLLIN | POLLHUP | POLLERR)) != 0 && !client_ready(c) && c->out.len == 0 &&
        !client_read(c))
        return false;
    if (client_ready(c) && !client_command(c))
        return false;
    return !client_done(c);
}

static void task_ended(struct client *c, bool good)
{
    rounds++;
    if (!good || client_done(c))
        client_close(c);
}

/*
 * The program has put itself under a filter of system calls while this thread slept: whatever is done for a
 * client, or for the socket's file, may be the end of it. Nothing is, and nobody is answered any more.
 */
static void locked_in(void)
{
    if (unlikely(os_locked_in()))
        service_park();
}

/*
 * Each client has its share of a round, which is one command: what one has sent holds nobody up for longer
 * than that, and if it takes long those of others are run in its midst. False: it is over.
 */
static bool run(int timeout)
{
    struct pollfd fds[ROUND_CLIENTS + 1];
    struct client *who[ROUND_CLIENTS + 1] = {NULL};
    nfds_t n = 0;
    if (!descriptor_ours(listening))
        return false;
    if (backoff && (timeout < 0 || timeout > BACKOFF_MS))
        timeout = BACKOFF_MS;
    uint64_t now = client_ms();
    uint32_t used = 0;
    for (struct client *c = clients; c < clients + ROUND_CLIENTS; c++) {
        if (c->descriptor.fd < 0)
            continue;
        used++;
        if (c->running)
            continue;
        if (client_ready(c))
            c->since = now; /* it is for us that it waits */
        if (!descriptor_ours(&c->descriptor) || now - c->since >= IDLE_MS) {
            client_close(c);
            used--;
            continue;
        }
        int left = client_ready(c) ? 0 : (int)(IDLE_MS - (now - c->since));
        if (timeout < 0 || left < timeout)
            timeout = left;
        who[n] = c;
        fds[n++] = (struct pollfd){.fd = c->descriptor.fd,
                                   .events = c->out.len > 0                ? POLLOUT
                                             : client_ready(c) || c->ended ? 0
                                                                           : POLLIN};
    }
    nfds_t last = n;
    fds[n++] = (struct pollfd){.fd = listening->fd, .events = POLLIN};
    if (used == ROUND_CLIENTS || backoff)
        fds[last].fd = -1;
    bool good = poll(fds, n, timeout) >= 0;
    int error = errno;
    locked_in();
    errno = error;
    backoff = false;
    if (!good)
        return errno == EINTR;
    uint64_t mine = ++rounds;
    nfds_t first = last > 0 ? turn++ % last : 0;
    /* After others had a round amid a command of one, what was polled is no more so. */
    for (nfds_t i = 0; i < last && rounds == mine; i++) {
        nfds_t at = (first + i) % last;
        if ((fds[at].revents != 0 || client_ready(who[at])) && !client_turn(who[at], fds[at].revents))
            client_close(who[at]);
    }
    if (rounds == mine && fds[last].revents != 0 && service_wanted(service) == SERVICE_TO_RUN) {
        if ((fds[last].revents & (POLLNVAL | POLLHUP)) != 0 || !descriptor_ours(listening))
            return false;
        backoff = !clients_accept();
    }
    return true;
}

/* Between the pieces of what a command does. */
static void amid(void)
{
    if (aside || client_ms() < next_amid || service_wanted(service) != SERVICE_TO_RUN)
        return;
    aside = true;
    run(0);
    task_turns(task_ended);
    aside = false;
    next_amid = client_ms() + AMID_MS;
}

void round_begin(struct descriptor *socket, const struct service *of)
{
    listening = socket;
    service = of;
    backoff = false;
    cache_meanwhile = amid;
}

bool round_run(int timeout)
{
    next_amid = client_ms() + AMID_MS;
    bool goes_on = run(task_any() ? 0 : timeout);
    task_turns(task_ended);
    return goes_on;
}

void round_end(void)
{
    cache_meanwhile = NULL;
    while (task_any())
        task_turns(task_ended);
    for (struct client *c = clients; c < clients + ROUND_CLIENTS; c++)
        if (c->descriptor.fd >= 0)
            client_close(c);
}

void round_none(void)
{
    serving = aside = false;
    for (struct client *c = clients; c < clients + ROUND_CLIENTS; c++)
        *c = (struct client){.descriptor = {.fd = -1}};
}

void round_fork_child(void)
{
    for (struct client *c = clients; c < clients + ROUND_CLIENTS; c++)
        /* Not freed: the thread may have been amid changing them. */
        if (c->descriptor.fd > 2)
            descriptor_close(&c->descriptor);
    task_fork_child();
    round_none();
}
