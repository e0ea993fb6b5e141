/* peer_server.c - memcached and Redis over Unix sockets, each thread with a connection of its own. */
#define _GNU_SOURCE
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "peer.h"

enum { MEMCACHED, REDIS, SERVERS };

static struct server {
    char folder[32], place[64];
    pid_t pid;
    unsigned generation; /* threads connect again to a new one */
} servers[SERVERS];
static __thread int connection[SERVERS] = {-1, -1};
static __thread unsigned connected[SERVERS];

/* The first line that "PROGRAM --version" prints, without what comes after `most` characters. */
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

/* Sends a request and reads until the reply ends so; the reply stays in `reply`. */
static bool ask(int which, const char *request, const char *ending, char *reply, size_t size)
{
    size_t used = 0, length = strlen(request), tail = strlen(ending);
    int fd = reach(which);

    if (fd < 0 || send(fd, request, length, MSG_NOSIGNAL) != (ssize_t)length)
        return false;
    while (used < size - 1) {
        ssize_t got = recv(fd, reply + used, size - 1 - used, 0);

        if (got <= 0)
            return false;
        used += (size_t)got;
        reply[used] = '\0';
        if (used >= tail && strcmp(reply + used - tail, ending) == 0)
            return true;
    }
    return false;
}

static const char *memcached_version(void)
{
    static char line[64];
    return first_line("memcached", line, sizeof line);
}

static bool memcached_open(size_t entries)
{
    const char *const argv[] = {"memcached", "-u", "root", "-m", "1024", "-s", servers[MEMCACHED].place,
                                NULL};

    (void)entries;
    return new_place(MEMCACHED) && launch(MEMCACHED, argv);
}

static void memcached_put(int64_t key, int64_t value)
{
    char request[128], reply[64], digits[32];
    int length = snprintf(digits, sizeof digits, "%" PRId64, value);

    snprintf(request, sizeof request, "set %" PRId64 " 0 0 %d\r\n%s\r\n", key, length, digits);
    ask(MEMCACHED, request, "\r\n", reply, sizeof reply);
}

static int64_t memcached_get(int64_t key)
{
    char request[64], reply[256];
    const char *line;

    snprintf(request, sizeof request, "get %" PRId64 "\r\n", key);
    if (!ask(MEMCACHED, request, "END\r\n", reply, sizeof reply) || !(line = strchr(reply, '\n')))
        return 0;
    return strtoll(line + 1, NULL, 10);
}

static const char *redis_version(void)
{
    static char line[64];
    return first_line("redis-server", line, sizeof line);
}

static bool redis_open(size_t entries)
{
    const char *const argv[] = {
        "redis-server", "--port", "0", "--unixsocket", servers[REDIS].place, "--save", "",
        "--appendonly", "no",     NULL};

    (void)entries;
    return new_place(REDIS) && launch(REDIS, argv);
}

static void redis_put(int64_t key, int64_t value)
{
    char request[128], reply[64];

    snprintf(request, sizeof request, "SET %" PRId64 " %" PRId64 "\r\n", key, value);
    ask(REDIS, request, "\r\n", reply, sizeof reply);
}

static int64_t redis_get(int64_t key)
{
    char request[64], reply[256];
    const char *line;

    snprintf(request, sizeof request, "GET %" PRId64 "\r\n", key);
    if (!ask(REDIS, request, "\r\n", reply, sizeof reply))
        return 0;
    line = strchr(reply, '\n');
    return line ? strtoll(line + 1, NULL, 10) : 0;
}

const struct peer peer_memcached = {"memcached",    true,          1000,          memcached_version,
                                    memcached_open, memcached_put, memcached_get, memcached_close};
const struct peer peer_redis = {"Redis",    true,      1000,      redis_version,
                                redis_open, redis_put, redis_get, redis_close};
