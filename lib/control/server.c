#define _GNU_SOURCE
#include "server.h"
#include "client.h"
#include "command.h"
#include "descriptor.h"
#include "place.h"
#include "request.h"
#include "wire.h"
#include "runtime/cache/cache.h"
#include "runtime/setting/option.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/origin.h"
#include "base/os.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    CLIENTS = 16,
    IDLE_MS = 5000,
    BACKOFF_MS = 100,
    STOP_MS = 50,
    LOOK_MS = 10,        /* at other clients, while a command takes long */
    FILE_MS = 60000,     /* at the socket's file */
    FILE_BUSY_MS = 1000, /* the same in a process that does something */
    STACK = 512 << 10
};
#define AGAIN_NS (1000 * NS_PER_MS)

LOCK(ending); /* of who closes and unlinks, or shuts down */

static struct {
    _Atomic uint32_t started;
    _Atomic uint32_t busy;     /* futex: 1 while the thread lives */
    _Atomic int tid;           /* of the thread, by itself; 0: not yet */
    _Atomic uint32_t stopping; /* futex */
    _Atomic bool open;         /* `place` and `listening` are settled, and not closed yet */
    pid_t pid;
    struct place place;
    struct descriptor listening;
    struct client clients[CLIENTS];
    struct client *served; /* whose command is being run */
    uint64_t rounds;       /* so far */
    nfds_t turn;           /* of the clients, who is first in a round */
    uint64_t next_look;    /* ms: at the others, while a command takes long */
} server;

/* For the socket's file. */
struct watch {
    uint64_t next; /* ms: when to look again */
    uint64_t used; /* ms: of processor time, by the process, when it was looked last */
};

/* False: out of descriptors. */
static bool clients_accept(void)
{
    for (;;) {
        struct client *c = server.clients;
        while (c < server.clients + CLIENTS && c->descriptor.fd >= 0)
            c++;
        if (c == server.clients + CLIENTS)
            return true;
        int fd = accept4(server.listening.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
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

/* Whether it may have its turn now: amid a command that takes long only those that take no time. */
static bool client_may_run(const struct client *c)
{
    return client_ready(c) && (server.served == NULL || command_quick(c->in));
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
    if (client_may_run(c)) {
        struct client *before = server.served;
        server.served = c;
        bool good = client_line(c);
        server.served = before;
        if (!good)
            return false;
    }
    return !c->ended || client_ready(c) || c->out.len != 0;
}

/*
 * Each client has its share of a round, which is one command: what one has sent holds nobody up for longer
 * than that, and if it takes long the quick ones of others are run in its midst. False: it is over.
 */
static bool server_round(int timeout, bool *backoff)
{
    struct pollfd fds[CLIENTS + 1];
    struct client *who[CLIENTS + 1] = {NULL};
    nfds_t n = 0;
    if (!descriptor_ours(&server.listening))
        return false;
    uint64_t now = client_ms();
    uint32_t used = 0;
    for (struct client *c = server.clients; c < server.clients + CLIENTS; c++) {
        if (c->descriptor.fd < 0)
            continue;
        used++;
        if (c == server.served)
            continue;
        if (client_ready(c))
            c->since = now; /* it is for us that it waits */
        if (!descriptor_ours(&c->descriptor) || now - c->since >= IDLE_MS) {
            client_close(c);
            used--;
            continue;
        }
        int left = client_may_run(c) ? 0 : (int)(IDLE_MS - (now - c->since));
        if (left < timeout)
            timeout = left;
        who[n] = c;
        fds[n++] = (struct pollfd){.fd = c->descriptor.fd,
                                   .events = c->out.len > 0                ? POLLOUT
                                             : client_ready(c) || c->ended ? 0
                                                                           : POLLIN};
    }
    nfds_t listening = n;
    fds[n++] = (struct pollfd){.fd = server.listening.fd, .events = POLLIN};
    if (used == CLIENTS || *backoff)
        fds[listening].fd = -1;
    if (poll(fds, n, timeout) < 0) {
        *backoff = false;
        return errno == EINTR;
    }
    *backoff = false;
    uint64_t mine = ++server.rounds;
    nfds_t first = listening > 0 ? server.turn++ % listening : 0;
    /* After others had a round amid a command of one, what was polled is no more so. */
    for (nfds_t i = 0; i < listening && server.rounds == mine; i++) {
        nfds_t at = (first + i) % listening;
        if ((fds[at].revents != 0 || client_may_run(who[at])) && !client_turn(who[at], fds[at].revents))
            client_close(who[at]);
    }
    if (server.rounds == mine && fds[listening].revents != 0 && !atomic_load(&server.stopping)) {
        if ((fds[listening].revents & (POLLNVAL | POLLHUP)) != 0 || !descriptor_ours(&server.listening))
            return false;
        *backoff = !clients_accept();
    }
    return true;
}

/* Between the pieces of what a command does. */
static void server_meanwhile(void)
{
    bool backoff = false;
    uint64_t now = client_ms();
    if (now < server.next_look || atomic_load(&server.stopping))
        return;
    server_round(0, &backoff);
    server.next_look = client_ms() + LOOK_MS;
}

static bool server_place(struct place *place, struct descriptor *listening)
{
    const struct wire_said said = {option_text(OPTION_SWR_SOCKET_DIR), origin_variable("XDG_RUNTIME_DIR")};
    const char *why;
    if (place_listen(place, listening, &said, CLIENTS, &why)) {
        if (place->passed[0] != 0)
            option_complain("the control socket is in %.60s, not in %.60s: %s", place->directory,
                            place->passed, place->passed_why);
        return true;
    }
    if (place_refuse() == 0)
        option_complain("no control socket in %.100s: %s", place->directory, why);
    return false;
}

/* While descriptors or memory are short, again once a second. */
static bool server_open(void)
{
    while (!server_place(&server.place, &server.listening)) {
        if (errno == 0)
            return false;
        os_futex_wait(&server.stopping, 0, client_ms() * NS_PER_MS + AGAIN_NS);
        if (atomic_load(&server.stopping))
            return false;
    }
    return true;
}

/* Who tidies /tmp or /run up takes the socket's file away, and nobody finds the process any more: it is made
 * anew. A process that does nothing is woken for that once a minute, and no more. */
static void server_look(struct watch *w)
{
    struct place place;
    struct descriptor listening;
    uint64_t used = 0;
    struct timespec t;
    if (client_ms() < w->next)
        return;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == 0)
        used = (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
    w->next = client_ms() + (used > w->used ? FILE_BUSY_MS : FILE_MS);
    w->used = used;
    if (place_kept(&server.place) || !server_place(&place, &listening))
        return;
    lock_take(&ending_lock);
    if (atomic_load(&server.stopping)) {
        descriptor_close(&listening);
        place_leave(&place);
    } else {
        descriptor_close(&server.listening);
        server.listening = listening;
        server.place = place;
    }
    lock_give(&ending_lock);
}

static void server_loop(void)
{
    struct watch watch = {.next = client_ms() + FILE_BUSY_MS};
    bool backoff = false;
    cache_meanwhile = server_meanwhile;
    while (!atomic_load(&server.stopping)) {
        server_look(&watch);
        uint64_t now = client_ms();
        int timeout = backoff ? BACKOFF_MS : now < watch.next ? (int)(watch.next - now) : 0;
        if (!server_round(timeout, &backoff))
            return;
        server.next_look = client_ms() + LOOK_MS;
    }
}

static void serve(void)
{
    atomic_store(&server.tid, os_gettid());
    for (uint32_t i = 0; i < CLIENTS; i++)
        server.clients[i].descriptor.fd = -1;
    if (server_open()) {
        atomic_store(&server.open, true);
        if (!atomic_load(&server.stopping))
            server_loop();
        for (uint32_t i = 0; i < CLIENTS; i++)
            if (server.clients[i].descriptor.fd >= 0)
                client_close(&server.clients[i]);
        lock_take(&ending_lock);
        atomic_store(&server.open, false);
        descriptor_close(&server.listening);
        place_leave(&server.place);
        lock_give(&ending_lock);
    }
    atomic_store(&server.busy, 0);
    os_futex_wake(&server.busy, 1);
}

static const struct os_thread control = {.name = "swr-control", .run = serve, .stack = STACK};

void control_start(void)
{
    int saved = errno;
    uint32_t idle = 0;
    if (atomic_load_explicit(&server.started, memory_order_relaxed) == 0 &&
        atomic_compare_exchange_strong(&server.started, &idle, 1) && option_number(OPTION_SWR_CONTROL) != 0) {
        server.pid = getpid();
        server.listening.fd = -1;
        atomic_store(&server.busy, 1);
        if (os_thread_start(&control) != 0)
            atomic_store(&server.busy, 0);
    }
    errno = saved;
}

void control_fork_child(void)
{
    int saved = errno;
    if (atomic_load(&server.busy) != 0) {
        descriptor_close(&server.listening);
        for (uint32_t i = 0; i < CLIENTS; i++) {
            /* Not freed: the thread may have been amid changing them. */
            if (server.clients[i].descriptor.fd > 2)
                descriptor_close(&server.clients[i].descriptor);
            server.clients[i] = (struct client){.descriptor = {.fd = -1}};
        }
    }
    server.listening.fd = -1;
    server.served = NULL;
    atomic_store(&server.busy, 0);
    atomic_store(&server.tid, 0);
    atomic_store(&server.open, false);
    atomic_store(&server.stopping, 0);
    atomic_store(&server.started, 0);
    errno = saved;
}

void control_stop(void)
{
    int saved = errno;
    atomic_store(&server.started, 1);
    atomic_store(&server.stopping, 1);
    os_futex_wake(&server.stopping, 1);
    if (atomic_load(&server.busy) != 0 && server.pid == getpid()) {
        struct timespec t;
        /* Not open yet, or no more: the thread sees that it must stop, and tidies up. */
        lock_take(&ending_lock);
        if (atomic_load(&server.open)) {
            place_leave(&server.place);
            if (descriptor_ours(&server.listening))
                shutdown(server.listening.fd, SHUT_RDWR);
        }
        lock_give(&ending_lock);
        clock_gettime(CLOCK_MONOTONIC, &t);
        uint64_t until = (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec + STOP_MS * NS_PER_MS;
        while (atomic_load(&server.busy) != 0 && os_futex_wait(&server.busy, 1, until))
            ;
        /* Leak checkers look at the memory of threads that live. */
        if (atomic_load(&server.busy) == 0)
            os_thread_gone(atomic_load(&server.tid), until);
    }
    errno = saved;
}

void control_rest(void)
{
    if (atomic_load(&server.started) == 0)
        return;
    control_stop();
    if (atomic_load(&server.busy) != 0)
        return;
    atomic_store(&server.tid, 0);
    atomic_store(&server.stopping, 0);
    atomic_store(&server.started, 0);
}
