/*
 * A program to look into. It does what its standard input says, one word a line, and answers each with
 * "done" and a number, until that closes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <swrcache.h>

struct spot {
    char city[8];
    int zone;
    double unnamed;
};

SWR_CACHED(double, quote, (SWR_STR(symbol), SWR_VAL(int, days)), .ttl_ms = SWR_MINUTES(10), .jitter_pct = 0)
{
    return symbol[0] + days;
}

SWR_CACHED(int, pin, (SWR_STR(user)), .secret = true)
{
    return user[0];
}

SWR_CACHED(int, distance,
           (SWR_STRUCT(struct spot, from, city, zone), SWR_VAL(char, unit), SWR_VAL(bool, exact)))
{
    return from != NULL ? from->zone * (exact ? 1 : 10) + unit : 0;
}

SWR_CACHED(unsigned int, digest, (SWR_BYTES(data, len), SWR_VAL(size_t, len)))
{
    return (unsigned int)len + ((const unsigned char *)data)[0];
}

SWR_CACHED_VOID(split,
                (SWR_VAL(int, n), SWR_OUT(int, half), SWR_OUT_BYTES(text, room), SWR_VAL(size_t, room)))
{
    *half = n / 2;
    memset(text, 'h', room);
}

SWR_CACHED_STRING(motto, (SWR_STR(name)))
{
    return name != NULL ? strdup(name) : NULL;
}

/* 1 fails, 2 is not to be stored, another number is itself; 3 once, and fails from then on. */
SWR_CACHED(int, attempt, (SWR_VAL(int, n)), .fails = SWR_FAILS_NEGATIVE)
{
    static _Atomic int thirds;
    bool fails = n == 1 || (n == 3 && thirds++ != 0);
    if (n == 2)
        swrcache_skip();
    errno = fails ? ETIMEDOUT : 0;
    return fails ? -1 : n;
}

SWR_CACHED(int, few, (SWR_VAL(int, n)), .max_entries = 2)
{
    return n;
}

SWR_CACHED(int, tight, (SWR_VAL(int, n)), .max_bytes = 8)
{
    return n;
}

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t moved = PTHREAD_COND_INITIALIZER;
static int inside, open_gate;

/* Computes until the gate is opened. */
SWR_CACHED(int, held, (SWR_VAL(int, n)))
{
    pthread_mutex_lock(&gate);
    inside++;
    pthread_cond_broadcast(&moved);
    while (!open_gate)
        pthread_cond_wait(&moved, &gate);
    pthread_mutex_unlock(&gate);
    return n;
}

static void *hold(void *cookie)
{
    held(7);
    return cookie;
}

static pthread_t holder;

static int start_holding(void)
{
    pthread_create(&holder, NULL, hold, NULL);
    pthread_mutex_lock(&gate);
    while (inside == 0)
        pthread_cond_wait(&moved, &gate);
    pthread_mutex_unlock(&gate);
    return 0;
}

static int stop_holding(void)
{
    pthread_mutex_lock(&gate);
    open_gate = 1;
    pthread_cond_broadcast(&moved);
    pthread_mutex_unlock(&gate);
    return pthread_join(holder, NULL);
}

/* One of each kind. */
static int call_all(void)
{
    struct spot spot = {"Ulm", 3, 0.5};
    int half;
    char text[2];
    quote("ACME", 3);
    quote("ACME", 3);
    quote("BE\nTA", 1);
    pin("alice");
    distance(&spot, 'k', true);
    distance(NULL, '\n', false);
    digest("\1\xff", 2);
    split(9, &half, text, sizeof text);
    free(motto("say \"\033[31m\""));
    free(motto(NULL));
    return half;
}

static int taken[4096], takings;

/* Every descriptor that is left. */
static int take_descriptors(void)
{
    struct rlimit limit = {64, 64};
    setrlimit(RLIMIT_NOFILE, &limit);
    for (int fd; takings < 4096 && (fd = dup(0)) >= 0;)
        taken[takings++] = fd;
    return takings;
}

static int give_descriptors(void)
{
    while (takings > 0)
        close(taken[--takings]);
    return 0;
}

static atomic_int unheard;

/* In place of libc's: counts the sockets that had their name in SWR_SOCKET_DIR before anybody listened. */
int listen(int fd, int backlog)
{
    char path[PATH_MAX];
    const char *directory = getenv("SWR_SOCKET_DIR");
    snprintf(path, sizeof path, "%s/%ld.sock", directory != NULL ? directory : "", (long)getpid());
    if (access(path, F_OK) == 0)
        unheard++;
    return (int)syscall(SYS_listen, fd, backlog);
}

/* Sockets of this process that listen, and how many of its descriptors an exec would hand on. */
static int listening(void)
{
    int found = -1;
    for (int fd = 3; fd < 64; fd++) {
        int on = 0;
        socklen_t len = sizeof on;
        if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &len) == 0 && on)
            found = fd;
    }
    return found;
}

static int inheritable(void)
{
    int n = 0;
    for (int fd = 3; fd < 64; fd++) {
        int flags = fcntl(fd, F_GETFD);
        n += flags >= 0 && (flags & FD_CLOEXEC) == 0;
    }
    return n;
}

static int count_descriptors(void)
{
    int n = 0;
    for (int fd = 0; fd < 64; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

/* Sockets among 0, 1 and 2. */
static int standard_sockets(void)
{
    struct stat st;
    int n = 0;
    for (int fd = 0; fd < 3; fd++)
        n += fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
    return n;
}

/* As a daemon does that closes all it did not open, and then opens its log. */
static int reuse_descriptor(const char *path)
{
    int fd = listening();
    close(fd);
    int log = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (log != fd) {
        dup2(log, fd);
        close(log);
    }
    return (int)write(fd, "mine\n", 5);
}

/* So many entries; 0: none is left. */
static int fill(int n)
{
    for (int i = 3; i < n + 3; i++)
        attempt(i);
    if (n == 0)
        SWR_INVALIDATE_ALL(attempt);
    return n;
}

static int obey(char *line)
{
    char *number = strchr(line, ' ');
    if (number != NULL)
        *number++ = 0;
    int n = number != NULL ? atoi(number) : 0;
    if (strcmp(line, "all") == 0)
        return call_all();
    if (strcmp(line, "quote") == 0)
        return (int)quote("ACME", n);
    if (strcmp(line, "long") == 0) {
        char *name = malloc((size_t)n + 1);
        memset(name, 'x', (size_t)n);
        name[n] = 0;
        quote(name, 1);
        free(name);
        return n;
    }
    if (strcmp(line, "pin") == 0)
        return pin(number);
    if (strcmp(line, "attempt") == 0)
        return attempt(n);
    if (strcmp(line, "fill") == 0)
        return fill(n);
    if (strcmp(line, "few") == 0)
        return few(n);
    if (strcmp(line, "tight") == 0)
        return tight(n);
    if (strcmp(line, "invalidate") == 0)
        return (int)SWR_INVALIDATE(quote, "ACME", n);
    if (strcmp(line, "invalidate_all") == 0)
        return (int)SWR_INVALIDATE_ALL(quote);
    if (strcmp(line, "expire") == 0)
        return (int)SWR_EXPIRE(quote, "ACME", n);
    if (strcmp(line, "forget_pin") == 0)
        return (int)SWR_INVALIDATE(pin, number);
    if (strcmp(line, "hold") == 0)
        return start_holding();
    if (strcmp(line, "release") == 0)
        return stop_holding();
    if (strcmp(line, "advance") == 0) {
        swrcache_advance((uint64_t)n);
        return n;
    }
    if (strcmp(line, "take") == 0)
        return take_descriptors();
    if (strcmp(line, "give") == 0)
        return give_descriptors();
    if (strcmp(line, "listening") == 0)
        return listening();
    if (strcmp(line, "unheard") == 0)
        return unheard;
    if (strcmp(line, "inheritable") == 0)
        return inheritable();
    if (strcmp(line, "descriptors") == 0)
        return count_descriptors();
    if (strcmp(line, "standard") == 0)
        return standard_sockets();
    if (strcmp(line, "reuse") == 0)
        return reuse_descriptor(number);
    return -1;
}

int main(void)
{
    char line[4096];
    FILE *in = fdopen(fcntl(0, F_DUPFD_CLOEXEC, 3), "r");
    FILE *out = fdopen(fcntl(1, F_DUPFD_CLOEXEC, 3), "w");
    if (getenv("LIVE_CLOSED") != NULL) {
        close(0);
        close(1);
        close(2);
    }
    while (in != NULL && out != NULL && fgets(line, sizeof line, in) != NULL) {
        line[strcspn(line, "\n")] = 0;
        fprintf(out, "done %d\n", obey(line));
        fflush(out);
    }
    return 0;
}
