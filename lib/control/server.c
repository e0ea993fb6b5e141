#define _GNU_SOURCE
#include "server.h"
#include "command.h"
#include "descriptor.h"
#include "place.h"
#include "request.h"
#include "wire.h"
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
    LOOK_MS = 60000,
    LOOK_BUSY_MS = 1000,
    STACK = 512 << 10
};
#define AGAIN_NS (1000 * NS_PER_MS)

struct client {
    struct descriptor descriptor;
    pid_t peer;
    uint64_t since; /* ms: when the wait for the rest of a line, or for the reply to be taken, began */
    char *in;
    size_t in_len, in_room;
    struct wire_buffer out;
    size_t sent;
    bool ending; /* close once `out` is sent */
};

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
} server;

/* For the socket's file. */
struct watch {
    uint64_t next; /* ms: when to look again */
    uint64_t used; /* ms: of processor time, by the process, when it was looked last */
};

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void client_close(struct client *c)
{
    descriptor_close(&c->descriptor);
    free(c->in);
    free(c->out.data);
    *c = (struct client){.descriptor = {.fd = -1}};
}

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
        *c = (struct client){.peer = peer.pid != 0 ? peer.pid : REQUEST_UNSEEN,
                             .since = now_ms(),
                             .out = {.max = WIRE_OUT_MAX, .grow = realloc}};
        descriptor_keep(&c->descriptor, fd);
    }
}

static bool client_write(struct client *c)
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
        c->since = now_ms();
    c->sent = c->out.len = c->out.record = 0;
    return !c->ending;
}

/* Runs the complete lines, one at a time, each once the reply to the one before is on its way. */
static bool client_lines(struct client *c)
{
    char *end;
    while (c->out.len == 0 && c->in_len > 0 && (end = memchr(c->in, '\n', c->in_len)) != NULL) {
        size_t used = (size_t)(end + 1 - c->in);
        *end = 0;
        if (end > c->in && end[-1] == '\r')
            end[-1] = 0;
        bool clean = strlen(c->in) + 2 >= used;
        command_run(c->peer, clean ? c->in : NULL, &c->out);
        c->since = now_ms();
        memmove(c->in, c->in + used, c->in_len - used);
        c->in_len -= used;
        if (!client_write(c))
            return false;
    }
    if (c->out.len == 0 && c->in_len >= WIRE_IN_MAX) {
        wire_text(&c->out, "error the line is too long; at most 65535 characters");
        wire_end(&c->out);
        c->ending = true;
        return client_write(c);
    }
    return true;
}

static bool client_read(struct client *c)
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
    if (n <= 0)
        return n < 0 && (errno == EAGAIN || errno == EINTR);
    c->in_len += (size_t)n;
    return client_lines(c);
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
        os_futex_wait(&server.stopping, 0, now_ms() * NS_PER_MS + AGAIN_NS);
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
    if (now_ms() < w->next)
        return;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == 0)
        used = (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
    w->next = now_ms() + (used > w->used ? LOOK_BUSY_MS : LOOK_MS);
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
    struct watch watch = {.next = now_ms() + LOOK_BUSY_MS};
    bool backoff = false;
    while (!atomic_load(&server.stopping)) {
        struct pollfd fds[CLIENTS + 1];
        struct client *who[CLIENTS + 1] = {NULL};
        nfds_t n = 0;
        server_look(&watch);
        if (!descriptor_ours(&server.listening))
            return;
        uint64_t now = now_ms();
        int timeout = backoff ? BACKOFF_MS : now < watch.next ? (int)(watch.next - now) : 0;
        uint32_t used = 0;
        for (struct client *c = server.clients; c < server.clients + CLIENTS; c++) {
            if (c->descriptor.fd < 0)
                continue;
            if (!descriptor_ours(&c->descriptor) || now - c->since >= IDLE_MS) {
                client_close(c);
                continue;
            }
            int left = (int)(IDLE_MS - (now - c->since));
            if (left < timeout)
                timeout = left;
            used++;
            who[n] = c;
            fds[n++] = (struct pollfd){.fd = c->descriptor.fd, .events = c->out.len > 0 ? POLLOUT : POLLIN};
        }
        nfds_t listening = n;
        fds[n++] = (struct pollfd){.fd = server.listening.fd, .events = POLLIN};
        if (used == CLIENTS || backoff)
            fds[listening].fd = -1;
        int rc = poll(fds, n, timeout);
        backoff = false;
        if (rc < 0 && errno != EINTR)
            return;
        if (rc <= 0)
            continue;
        for (nfds_t i = 0; i < listening; i++) {
            bool good = true;
            if (fds[i].revents == 0)
                continue;
            if (!descriptor_ours(&who[i]->descriptor) || (fds[i].revents & POLLNVAL) != 0)
                good = false;
            else if ((fds[i].revents & POLLOUT) != 0)
                good = client_write(who[i]) && client_lines(who[i]);
            else
                good = client_read(who[i]);
            if (!good)
                client_close(who[i]);
        }
        if (fds[listening].revents != 0 && !atomic_load(&server.stopping)) {
            if ((fds[listening].revents & (POLLNVAL | POLLHUP)) != 0 || !descriptor_ours(&server.listening))
                return;
            backoff = !clients_accept();
        }
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
