#define _GNU_SOURCE
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/os.h"
#include "command.h"
#include "runtime/option.h"
#include "wire.h"

enum { CLIENTS = 16, IDLE_MS = 5000, BACKOFF_MS = 100, STOP_MS = 50, STACK = 512 << 10 };

/* A descriptor and what it was when it was opened: the program may close it and reuse its number. */
struct descriptor {
    int fd; /* -1: none */
    dev_t dev;
    ino_t ino;
};

struct client {
    struct descriptor descriptor;
    pid_t peer;
    uint64_t heard; /* ms */
    char *in;
    size_t in_len, in_room;
    struct wire_buffer out;
    size_t sent;
    bool ending; /* close once `out` is sent */
};

static struct {
    _Atomic uint32_t started;
    _Atomic uint32_t busy; /* futex: 1 while the thread lives */
    _Atomic bool stopping;
    pid_t pid;
    struct descriptor listening;
    dev_t file_dev; /* the socket file */
    ino_t file_ino;
    char directory[sizeof((struct sockaddr_un *)0)->sun_path];
    char name[24];
    struct client clients[CLIENTS];
} server;

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Never 0, 1 or 2: a daemon that closed those would otherwise write its output to us. */
static int above_standard(int fd)
{
    if (fd < 0 || fd > 2)
        return fd;
    int high = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    close(fd);
    return high;
}

static bool remember(struct descriptor *d, int fd)
{
    struct stat st;
    d->fd = -1;
    if (fd < 0)
        return false;
    if (fstat(fd, &st) != 0) {
        close(fd);
        return false;
    }
    *d = (struct descriptor){fd, st.st_dev, st.st_ino};
    return true;
}

static bool still_ours(const struct descriptor *d)
{
    struct stat st;
    return d->fd >= 0 && fstat(d->fd, &st) == 0 && S_ISSOCK(st.st_mode) && st.st_dev == d->dev &&
           st.st_ino == d->ino;
}

static void forget(struct descriptor *d)
{
    if (still_ours(d))
        close(d->fd);
    d->fd = -1;
}

static int directory_open(const char *path, bool make)
{
    struct stat st;
    bool made = false;
    if (make)
        made = mkdirat(AT_FDCWD, path, 0700) == 0;
    int fd = above_standard(open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (fd < 0)
        return -1;
    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid()) {
        if (made && (st.st_mode & 07777) != 0700) {
            /* A umask took rights away from us; through the descriptor, so that no other path is meant. */
            char self[32];
            snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
            if (chmod(self, 0700) != 0 || fstat(fd, &st) != 0)
                st.st_mode = 0;
        }
        if ((st.st_mode & 0777) == 0700)
            return fd;
    }
    close(fd);
    return -1;
}

/* A socket file that nobody answers any more; with the same pid it can only be of the dead. */
static bool abandoned(int directory, const char *name, const struct sockaddr_un *address)
{
    struct stat st;
    if (fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISSOCK(st.st_mode))
        return false;
    int fd = above_standard(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (fd < 0)
        return false;
    bool refused =
        connect(fd, (const struct sockaddr *)address, sizeof *address) != 0 && errno == ECONNREFUSED;
    close(fd);
    return refused;
}

static bool server_open(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat st;
    server.listening.fd = -1;
    if (!wire_directory(server.directory, sizeof server.directory, option_text(OPTION_SWR_SOCKET_DIR)))
        return false;
    snprintf(server.name, sizeof server.name, "%ld.sock", (long)server.pid);
    int n = snprintf(address.sun_path, sizeof address.sun_path, "%s/%s", server.directory, server.name);
    if (n < 0 || (size_t)n >= sizeof address.sun_path)
        return false;
    int directory = directory_open(server.directory, true);
    if (directory < 0)
        return false;
    bool bound = false;
    if (remember(&server.listening,
                 above_standard(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)))) {
        int fd = server.listening.fd;
        bound = bind(fd, (struct sockaddr *)&address, sizeof address) == 0;
        if (!bound && errno == EADDRINUSE && abandoned(directory, server.name, &address) &&
            unlinkat(directory, server.name, 0) == 0)
            bound = bind(fd, (struct sockaddr *)&address, sizeof address) == 0;
        if (bound &&
            (fstatat(directory, server.name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISSOCK(st.st_mode)))
            bound = false;
        if (bound) {
            server.file_dev = st.st_dev;
            server.file_ino = st.st_ino;
            /* The directory is private; this only gives back what a umask took. */
            if ((st.st_mode & 0600) != 0600)
                fchmodat(directory, server.name, 0600, 0);
            bound = listen(fd, CLIENTS) == 0;
            if (!bound)
                unlinkat(directory, server.name, 0);
        }
        if (!bound)
            forget(&server.listening);
    }
    close(directory);
    return bound;
}

static void socket_unlink(void)
{
    struct stat st;
    int directory = directory_open(server.directory, false);
    if (directory < 0)
        return;
    if (fstatat(directory, server.name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISSOCK(st.st_mode) &&
        st.st_dev == server.file_dev && st.st_ino == server.file_ino)
        unlinkat(directory, server.name, 0);
    close(directory);
}

static void client_close(struct client *c)
{
    forget(&c->descriptor);
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
        fd = above_standard(fd);
        if (fd < 0)
            return false;
        struct ucred peer;
        socklen_t len = sizeof peer;
        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0 || len != sizeof peer ||
            (peer.uid != geteuid() && peer.uid != 0)) {
            close(fd);
            continue;
        }
        *c = (struct client){
            .peer = peer.pid, .heard = now_ms(), .out = {.max = WIRE_OUT_MAX, .grow = realloc}};
        remember(&c->descriptor, fd);
    }
}

static bool client_write(struct client *c)
{
    while (c->sent < c->out.len) {
        if (!still_ours(&c->descriptor))
            return false;
        ssize_t n =
            send(c->descriptor.fd, c->out.data + c->sent, c->out.len - c->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n <= 0)
            return n < 0 && (errno == EAGAIN || errno == EINTR);
        c->sent += (size_t)n;
        c->heard = now_ms();
    }
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
    c->heard = now_ms();
    return client_lines(c);
}

static void server_loop(void)
{
    bool backoff = false;
    while (!atomic_load(&server.stopping)) {
        struct pollfd fds[CLIENTS + 1];
        struct client *who[CLIENTS + 1] = {NULL};
        nfds_t n = 0;
        int timeout = backoff ? BACKOFF_MS : -1;
        if (!still_ours(&server.listening))
            return;
        uint64_t now = now_ms();
        uint32_t used = 0;
        for (struct client *c = server.clients; c < server.clients + CLIENTS; c++) {
            if (c->descriptor.fd < 0)
                continue;
            if (!still_ours(&c->descriptor) || now - c->heard >= IDLE_MS) {
                client_close(c);
                continue;
            }
            int left = (int)(IDLE_MS - (now - c->heard));
            if (timeout < 0 || left < timeout)
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
            if (!still_ours(&who[i]->descriptor) || (fds[i].revents & POLLNVAL) != 0)
                good = false;
            else if ((fds[i].revents & POLLOUT) != 0)
                good = client_write(who[i]) && client_lines(who[i]);
            else
                good = client_read(who[i]);
            if (!good)
                client_close(who[i]);
        }
        if (fds[listening].revents != 0 && !atomic_load(&server.stopping)) {
            if ((fds[listening].revents & (POLLNVAL | POLLHUP)) != 0 || !still_ours(&server.listening))
                return;
            backoff = !clients_accept();
        }
    }
}

static void *server_thread(void *cookie)
{
    (void)cookie;
    for (uint32_t i = 0; i < CLIENTS; i++)
        server.clients[i].descriptor.fd = -1;
    if (server_open()) {
        if (!atomic_load(&server.stopping))
            server_loop();
        for (uint32_t i = 0; i < CLIENTS; i++)
            if (server.clients[i].descriptor.fd >= 0)
                client_close(&server.clients[i]);
        forget(&server.listening);
        socket_unlink();
    }
    atomic_store(&server.busy, 0);
    os_futex_wake(&server.busy, 1);
    return NULL;
}

void control_start(void)
{
    int saved = errno;
    uint32_t idle = 0;
    if (atomic_load_explicit(&server.started, memory_order_relaxed) == 0 &&
        atomic_compare_exchange_strong(&server.started, &idle, 1) && option_number(OPTION_SWR_CONTROL) != 0) {
        server.pid = getpid();
        server.listening.fd = -1;
        atomic_store(&server.busy, 1);
        if (os_thread_start(server_thread, NULL, STACK) != 0)
            atomic_store(&server.busy, 0);
    }
    errno = saved;
}

void control_fork_child(void)
{
    int saved = errno;
    if (atomic_load(&server.busy) != 0) {
        forget(&server.listening);
        for (uint32_t i = 0; i < CLIENTS; i++) {
            /* Not freed: the thread may have been amid changing them. */
            if (server.clients[i].descriptor.fd > 2)
                forget(&server.clients[i].descriptor);
            server.clients[i] = (struct client){.descriptor = {.fd = -1}};
        }
    }
    server.listening.fd = -1;
    atomic_store(&server.busy, 0);
    atomic_store(&server.stopping, false);
    atomic_store(&server.started, 0);
    errno = saved;
}

void control_stop(void)
{
    int saved = errno;
    atomic_store(&server.started, 1);
    atomic_store(&server.stopping, true);
    if (atomic_load(&server.busy) != 0 && server.pid == getpid()) {
        struct timespec t;
        socket_unlink();
        if (still_ours(&server.listening))
            shutdown(server.listening.fd, SHUT_RDWR);
        clock_gettime(CLOCK_MONOTONIC, &t);
        uint64_t until = (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec + STOP_MS * NS_PER_MS;
        while (atomic_load(&server.busy) != 0 && os_futex_wait(&server.busy, 1, until))
            ;
    }
    errno = saved;
}
