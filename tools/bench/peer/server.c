/* peer_server.c - memcached and Redis over Unix sockets, each thread with a connection of its own. */
#define _GNU_SOURCE
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure/child.h"
#include "peer.h"

enum { MEMCACHED, REDIS, SERVERS };

static struct server {
    char folder[32], place[64];
    pid_t pid;
    unsigned generation; /* threads connect again to a new one */
} servers[SERVERS];
static __thread int connection[SERVERS] = {-1, -1};
static __thread unsigned connected[SERVERS];

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t ending;

/* At a thread's end. */
static void hang_up(void *connections)
{
    for (int which = 0; which < SERVERS; which++)
        if (((int *)connections)[which] >= 0)
            close(((int *)connections)[which]);
}

static void make_key(void)
{
    pthread_key_create(&ending, hang_up);
}

/* The first line that "PROGRAM --version" prints, up to its build's number. */
static const char *first_line(const char *program, char *line, size_t size)
{
    const char *const argv[] = {program, "--version", NULL};
    int fd;
    pid_t pid = child_open(argv, &fd);
    ssize_t got = pid < 0 ? 0 : read(fd, line, size - 1);

    if (pid < 0 || !child_close(pid, fd) || got <= 0)
        return NULL;
    line[got] = '\0';
    line[strcspn(line, "\n")] = '\0';
    if (strstr(line, " sha="))
        *strstr(line, " sha=") = '\0';
    return line;
}

static int reach(int which)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int *fd = &connection[which];

    if (*fd >= 0 && connected[which] == servers[which].generation)
        return *fd;
    if (*fd >= 0)
        close(*fd);
    pthread_once(&once, make_key);
    pthread_setspecific(ending, connection);
    memcpy(address.sun_path, servers[which].place, sizeof servers[which].place);
    for (int attempt = 0; attempt < 500; attempt++) {
        *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(*fd, (struct sockaddr *)&address, sizeof address) == 0) {
            connected[which] = servers[which].generation;
            return *fd;
        }
        close(*fd);
        *fd = -1;
        sleep_ms(10);
    }
    return -1;
}

static bool new_place(int which)
{
    struct server *server = &servers[which];

    snprintf(server->folder, sizeof server->folder, "/tmp/swrbench-XXXXXX");
    if (!mkdtemp(server->folder))
        return false;
    snprintf(server->place, sizeof server->place, "%s/socket", server->folder);
    return true;
}

static bool launch(int which, const char *const *argv)
{
    struct server *server = &servers[which];

    server->generation++;
    fflush(stdout);
    server->pid = fork();
    if (server->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
            _exit(127);
        execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    return server->pid > 0 && reach(which) >= 0;
}

static void end(int which)
{
    struct server *server = &servers[which];

    if (server->pid > 0) {
        kill(server->pid, SIGKILL);
        waitpid(server->pid, NULL, 0);
    }
    server->pid = 0;
    unlink(server->place);
    rmdir(server->folder);
}

static void memcached_close(void)
{
    end(MEMCACHED);
}

static void redis_close(void)
{
    end(REDIS);
}

/* Sends a request and reads a reply of so many lines; a first line that begins with `none` is the only one.
 */
static bool ask(int which, const char *request, int lines, const char *none, char *reply, size_t size)
{
    size_t used = 0, length = strlen(request);
    int fd = reach(which), seen = 0;

    if (fd < 0 || send(fd, request, length, MSG_NOSIGNAL) != (ssize_t)length)
        return false;
    while (used < size - 1) {
        ssize_t got = recv(fd, reply + used, size - 1 - used, 0);

        if (got <= 0)
            return false;
        for (ssize_t i = 0; i < got; i++)
            seen += reply[used + (size_t)i] == '\n';
        used += (size_t)got;
        reply[used] = '\0';
        if (seen >= 1 && none && strncmp(reply, none, strlen(none)) == 0)
            return false;
        if (seen >= lines)
            return true;
    }
    return false;
}

static const char *memcached_version(void)
{
    static char line[64];
    return first_line("memcached", line, sizeof line);
}

static bool memcached_open(size_t entries, bool strings)
{
    const char *const argv[] = {"memcached", "-u", "root", "-m", "1024", "-s", servers[MEMCACHED].place,
                                NULL};

    (void)entries;
    (void)strings;
    return new_place(MEMCACHED) && launch(MEMCACHED, argv);
}

static void memcached_set(const char *key, const char *value, size_t length)
{
    char request[256], reply[64];

    snprintf(request, sizeof request, "set %s 0 0 %zu\r\n%.*s\r\n", key, length, (int)length, value);
    ask(MEMCACHED, request, 1, NULL, reply, sizeof reply);
}

/* The second line of the reply: the value; NULL: there is none. */
static const char *memcached_find(const char *key, char *reply, size_t size)
{
    char request[64];

    snprintf(request, sizeof request, "get %s\r\n", key);
    return ask(MEMCACHED, request, 3, "END", reply, size) ? strchr(reply, '\n') + 1 : NULL;
}

static const char *redis_version(void)
{
    static char line[64];
    return first_line("redis-server", line, sizeof line);
}

static bool redis_open(size_t entries, bool strings)
{
    const char *const argv[] = {
        "redis-server", "--port", "0", "--unixsocket", servers[REDIS].place, "--save", "",
        "--appendonly", "no",     NULL};

    (void)entries;
    (void)strings;
    return new_place(REDIS) && launch(REDIS, argv);
}

static void redis_set(const char *key, const char *value, size_t length)
{
    char request[256], reply[64];

    snprintf(request, sizeof request, "SET %s %.*s\r\n", key, (int)length, value);
    ask(REDIS, request, 1, NULL, reply, sizeof reply);
}

static const char *redis_find(const char *key, char *reply, size_t size)
{
    char request[64];

    snprintf(request, sizeof request, "GET %s\r\n", key);
    return ask(REDIS, request, 2, "$-1", reply, size) ? strchr(reply, '\n') + 1 : NULL;
}

typedef void set_fn(const char *key, const char *value, size_t length);
typedef const char *find_fn(const char *key, char *reply, size_t size);

static inline void put_number(set_fn *set, int64_t key, int64_t value)
{
    char name[24], digits[24];

    snprintf(name, sizeof name, "%" PRId64, key);
    snprintf(digits, sizeof digits, "%" PRId64, value);
    set(name, digits, strlen(digits));
}

static inline int64_t get_number(find_fn *find, int64_t key)
{
    char name[24], reply[256];
    const char *value;

    snprintf(name, sizeof name, "%" PRId64, key);
    value = find(name, reply, sizeof reply);
    return value ? strtoll(value, NULL, 10) : 0;
}

static inline struct row get_text(find_fn *find, const char *key)
{
    char reply[256];
    const char *value = find(key, reply, sizeof reply);
    struct row row = {{0}};

    if (value)
        memcpy(&row, value, sizeof row); /* the reply has room for more */
    return row;
}

#define SERVER(name, title)                                                                                  \
    static void name##_put_int(int64_t key, int64_t value)                                                   \
    {                                                                                                        \
        put_number(name##_set, key, value);                                                                  \
    }                                                                                                        \
    static int64_t name##_get_int(int64_t key)                                                               \
    {                                                                                                        \
        return get_number(name##_find, key);                                                                 \
    }                                                                                                        \
    static void name##_put_row(const char *key, const struct row *value)                                     \
    {                                                                                                        \
        name##_set(key, (const char *)value, sizeof *value);                                                 \
    }                                                                                                        \
    static struct row name##_get_row(const char *key)                                                        \
    {                                                                                                        \
        return get_text(name##_find, key);                                                                   \
    }                                                                                                        \
    const struct peer peer_##name = {title,          true,           1000,           name##_version,         \
                                     name##_open,    name##_put_int, name##_get_int, name##_put_row,         \
                                     name##_get_row, name##_close};

SERVER(memcached, "memcached")
SERVER(redis, "Redis")
