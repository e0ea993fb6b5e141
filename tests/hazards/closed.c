/* S16: a daemon closes every descriptor and uses the numbers again: its files are not touched by us. */
#include "hazard.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "scratch.h"

enum { LOGS = 24 };

SWR_CACHED(int, plus, (SWR_VAL(int, n)), .ttl_ms = 1, .stale_ms = SWR_FOREVER, .jitter_pct = 0)
{
    return n + 1;
}

static int logs[LOGS];
static struct stat were[LOGS];

static void reuse_numbers(void)
{
    for (int i = 0; i < LOGS; i++) {
        char path[300];
        snprintf(path, sizeof path, "%s/log%d", scratch, i);
        logs[i] = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
        CHECK(logs[i] >= 0 && write(logs[i], "mine", 4) == 4);
        CHECK(fstat(logs[i], &were[i]) == 0);
    }
}

static void untouched(void)
{
    for (int i = 0; i < LOGS; i++) {
        struct stat is;
        char text[16];
        CHECK(fstat(logs[i], &is) == 0 && is.st_ino == were[i].st_ino && is.st_dev == were[i].st_dev);
        CHECK(pread(logs[i], text, sizeof text, 0) == 4 && memcmp(text, "mine", 4) == 0);
        CHECK(lseek(logs[i], 0, SEEK_CUR) == 4);
    }
}

/* Whether somebody answers or not, it is not with the host's files. */
static void knock(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char reply[64];
    snprintf(address.sun_path, sizeof address.sun_path, "%s/%d.sock", scratch, getpid());
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval second = {1, 0};
    CHECK(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
        send(fd, "functions\n", 10, MSG_NOSIGNAL) == 10) {
        ssize_t n = recv(fd, reply, sizeof reply, 0);
        CHECK(n <= (ssize_t)sizeof reply);
    }
    close(fd);
}

static void calls_go_on(void)
{
    for (int i = 0; i < 20; i++) {
        CHECK(plus(i) == i + 1);
        pause_ms(1);
    }
    CHECK(swrcache_drain(10000));
}

int main(int argc, char **argv)
{
    (void)argc;
    scratch_socket(argv);
    watchdog(60);
    calls_go_on();
    int client = scratch_connect();
    CHECK(client >= 0);
    for (int round = 0; round < 2; round++) {
        closefrom(3);
        reuse_numbers();
        for (int i = 0; i < 3; i++)
            knock();
        calls_go_on();
        untouched();
    }
    for (int i = 0; i < LOGS; i++) {
        char path[300];
        snprintf(path, sizeof path, "%s/log%d", scratch, i);
        unlink(path);
    }
    scratch_remove();
    return finish("closed descriptors");
}
