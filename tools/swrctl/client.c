#define _GNU_SOURCE
#include "client.h"

#include <ctype.h>
#include <dirent.h>
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

static long long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void program_of(pid_t pid, char *program)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/comm", (long)pid);
    snprintf(program, PROGRAM_MAX, "?");
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return;
    if (fgets(program, PROGRAM_MAX, f) != NULL)
        program[strcspn(program, "\n")] = 0;
    fclose(f);
}

static bool stopped(pid_t pid)
{
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return false;
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = 0;
    const char *end = strrchr(text, ')');
    return end != NULL && (end[2] == 'T' || end[2] == 't');
}

static void tell(const struct process *p, const char *why)
{
    fprintf(stderr, "swrctl: cannot reach process %ld (%s): %s\n", (long)p->pid, p->program, why);
}

static void tell_silence(const struct process *p)
{
    tell(p, stopped(p->pid) ? "it is stopped (kill -CONT lets it go on)" : "no answer within 5 s");
}

/* An open connection, or -1 with errno. */
static int dial(pid_t pid)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char directory[sizeof address.sun_path];
    struct ucred peer;
    socklen_t len = sizeof peer;
    errno = ENAMETOOLONG;
    if (!wire_directory(directory, sizeof directory, getenv("SWR_SOCKET_DIR")))
        return -1;
    int n = snprintf(address.sun_path, sizeof address.sun_path, "%s/%ld.sock", directory, (long)pid);
    if (n < 0 || (size_t)n >= sizeof address.sun_path)
        return -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0) {
        if (peer.uid == geteuid() || geteuid() == 0)
            return fd;
        errno = EPERM;
    }
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

static bool ready(int fd, short events, long long until)
{
    for (;;) {
        long long left = until - now_ms();
        struct pollfd p = {.fd = fd, .events = events};
        int rc = poll(&p, 1, left > 0 ? (int)left : 0);
        if (rc < 0 && errno == EINTR)
            continue;
        return rc > 0;
    }
}

bool client_ask(const struct process *p, const char *request, client_record *record, void *cookie,
                struct wire_line *status)
{
    static char *reply;
    static size_t room;
    const char *why;
    size_t len = 0, size = strlen(request);
    long long until = now_ms() + CLIENT_WAIT_MS;
    int fd = dial(p->pid);
    if (fd < 0) {
        if (errno == EAGAIN)
            tell_silence(p);
        else
            tell(p, errno == EPERM ? "the socket belongs to another user" : strerror(errno));
        return false;
    }
    for (size_t sent = 0; sent < size;) {
        ssize_t n = send(fd, request + sent, size - sent, MSG_NOSIGNAL);
        if (n > 0) {
            sent += (size_t)n;
        } else if (errno != EAGAIN && errno != EINTR) {
            tell(p, strerror(errno));
            close(fd);
            return false;
        } else if (!ready(fd, POLLOUT, until)) {
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
                tell(p, "its reply is malformed");
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
                    tell(p, "its reply is too long");
                    break;
                }
                reply = data;
                room = bigger;
            }
        }
        if (!ready(fd, POLLIN, until)) {
            tell_silence(p);
            break;
        }
        ssize_t n = recv(fd, reply + len, room - len, 0);
        if (n > 0) {
            len += (size_t)n;
            until = now_ms() + CLIENT_WAIT_MS;
        } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
            tell(p, n == 0 ? "it closed the connection" : strerror(errno));
            break;
        }
    }
    close(fd);
    return false;
}

static int by_pid(const void *a, const void *b)
{
    const struct process *x = a, *y = b;
    return (x->pid > y->pid) - (x->pid < y->pid);
}

size_t client_processes(struct process *list, size_t room, bool telling)
{
    char path[128];
    struct stat st;
    size_t count = 0;
    if (!wire_directory(path, sizeof path, getenv("SWR_SOCKET_DIR")))
        return 0;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return 0;
    if (fstat(fd, &st) != 0 || (st.st_uid != geteuid() && geteuid() != 0)) {
        fprintf(stderr, "swrctl: %s belongs to another user\n", path);
        close(fd);
        return 0;
    }
    DIR *d = fdopendir(fd);
    if (d == NULL) {
        close(fd);
        return 0;
    }
    for (struct dirent *e; count < room && (e = readdir(d)) != NULL;) {
        char *end;
        if (!isdigit((unsigned char)e->d_name[0]))
            continue;
        long pid = strtol(e->d_name, &end, 10);
        if (strcmp(end, ".sock") != 0 || pid <= 0)
            continue;
        struct process p = {.pid = (pid_t)pid};
        int probe = dial(p.pid);
        program_of(p.pid, p.program);
        if (probe < 0 && (errno == ECONNREFUSED || errno == ENOENT))
            continue; /* gone without removing it */
        if (probe < 0) {
            p.mute = true;
            if (telling)
                tell(&p, errno == EAGAIN ? "no answer; it may be stopped" : strerror(errno));
        } else {
            close(probe);
        }
        list[count++] = p;
    }
    closedir(d);
    qsort(list, count, sizeof *list, by_pid);
    return count;
}
