#define _GNU_SOURCE
#include "remains.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* A socket has its lasting name once somebody listens to it, the other one a moment before: that moment may
 * be one of a process that cannot be seen from here. And one of another namespace is known by its age alone.
 */
enum { NEW_FOR_S = 60 };

pid_t remains_number(const char *name, bool *lasting)
{
    char *end, again[80];
    long pid = strtol(name, &end, 10);
    unsigned long long more = *end == '-' ? strtoull(end + 1, &end, 10) : 0;
    if (pid <= 0 || pid > INT_MAX)
        return 0;
    *lasting = strcmp(end, ".sock") == 0;
    const char *suffix = *lasting ? ".sock" : ".new";
    snprintf(again, sizeof again, "%ld%s", pid, suffix);
    if (strcmp(name, again) == 0)
        return (pid_t)pid;
    snprintf(again, sizeof again, "%ld-%llu%s", pid, more, suffix);
    return strcmp(name, again) == 0 ? (pid_t)pid : 0;
}

static bool refused(int directory, const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%.80s", directory, name);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool nobody =
        fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) != 0 && errno == ECONNREFUSED;
    if (fd >= 0)
        close(fd);
    return nobody;
}

/* When a process was started, in seconds of the calendar; 0: not known. */
static time_t start_of(pid_t pid)
{
    char path[64], text[1024];
    struct timespec now, up;
    unsigned long long ticks;
    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    FILE *f = fopen(path, "re");
    size_t n = f != NULL ? fread(text, 1, sizeof text - 1, f) : 0;
    text[n] = 0;
    if (f != NULL)
        fclose(f);
    /* The 22nd field; the second, a name, may hold anything. */
    const char *at = strrchr(text, ')');
    for (int field = 2; field < 22 && at != NULL; field++)
        at = strchr(at + 1, ' ');
    if (at == NULL || sscanf(at, " %llu", &ticks) != 1 || clock_gettime(CLOCK_REALTIME, &now) != 0 ||
        clock_gettime(CLOCK_BOOTTIME, &up) != 0)
        return 0;
    return now.tv_sec - up.tv_sec + (time_t)(ticks / (unsigned long long)sysconf(_SC_CLK_TCK));
}

/* Of another process, or of none. A second more: these times are rounded. */
static bool outlived(pid_t pid, const struct stat *st)
{
    return (kill(pid, 0) != 0 && errno == ESRCH) || start_of(pid) > st->st_mtime + 1;
}

void remains_remove(int directory, const char *name)
{
    struct stat st, now;
    bool lasting, elsewhere = strchr(name, '-') != NULL;
    pid_t pid = remains_number(name, &lasting);
    if (pid == 0 || fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISSOCK(st.st_mode) ||
        ((!lasting || elsewhere) && time(NULL) - st.st_mtime < NEW_FOR_S) || !refused(directory, name) ||
        (!elsewhere && !outlived(pid, &st)))
        return;
    /* Still the one that was asked: a process of that number may have come meanwhile. */
    if (fstatat(directory, name, &now, AT_SYMLINK_NOFOLLOW) == 0 && now.st_dev == st.st_dev &&
        now.st_ino == st.st_ino)
        unlinkat(directory, name, 0);
}
