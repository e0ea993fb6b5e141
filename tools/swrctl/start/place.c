#define _GNU_SOURCE
#include "place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>
#include "terminal/text.h"

enum { STALE_AFTER = 7 * 24 * 3600, NAMES_MOST = 1000 };

/* By its own name, which stays when a newer one is installed while programs run that preload it. */
static bool library_in(const char *directory, const char *file, char *path)
{
    char real[PATH_MAX];
    return realpath(directory, real) != NULL && snprintf(path, PLACE_MAX, "%s/%s", real, file) < PLACE_MAX &&
           access(path, R_OK) == 0;
}

bool place_library(const char *file, char *path)
{
    static const char *const beside[] = {"../../lib", "../lib", SWRCTL_LIBDIR_RELATIVE, NULL};
    char own[PLACE_MAX], directory[2 * PLACE_MAX];
    ssize_t n = readlink("/proc/self/exe", own, sizeof own - 1);
    if (n > 0) {
        own[n] = 0;
        *strrchr(own, '/') = 0;
        for (const char *const *b = beside; *b != NULL; b++) {
            snprintf(directory, sizeof directory, "%s/%s", own, *b);
            if (library_in(directory, file, path))
                return true;
        }
    }
    if (library_in(SWRCTL_LIBDIR, file, path))
        return true;
    tell("no %s beside this tool nor in %s; is swrcache installed whole?", file, SWRCTL_LIBDIR);
    return false;
}

/* A directory of our own that nobody else may write to, made if need be; a descriptor, or -1 with the reason.
 */
static int open_directory(const char *path, const char **why)
{
    struct stat st;
    struct statvfs fs;
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        *why = strerror(errno);
        return -1;
    }
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    *why = NULL;
    if (fd < 0 || fstat(fd, &st) != 0 || fstatvfs(fd, &fs) != 0)
        *why = strerror(errno);
    else if (st.st_uid != geteuid())
        *why = "it belongs to somebody else";
    else if (fs.f_flag & ST_NOEXEC)
        *why = "nothing can be loaded from there (noexec)";
    else if ((st.st_mode & 07777) != 0755 && fchmod(fd, 0755) != 0)
        *why = strerror(errno);
    if (*why == NULL)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Do the maps of any process that we may look at name it? */
static bool in_use(const char *name)
{
    DIR *proc = opendir("/proc");
    bool found = false;
    for (struct dirent *e; !found && proc != NULL && (e = readdir(proc)) != NULL;) {
        char path[300], *line = NULL;
        size_t room = 0;
        snprintf(path, sizeof path, "/proc/%.200s/maps", e->d_name);
        FILE *maps = e->d_name[0] >= '1' && e->d_name[0] <= '9' ? fopen(path, "re") : NULL;
        while (maps != NULL && !found && getline(&line, &room, maps) > 0)
            found = strstr(line, name) != NULL;
        free(line);
        if (maps != NULL)
            fclose(maps);
    }
    if (proc != NULL)
        closedir(proc);
    return found;
}

static void remove_stale(int directory)
{
    int fd = dup(directory);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    struct stat st;
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;)
        if (strncmp(e->d_name, "libswrcache-wrap-", 17) == 0 &&
            fstatat(directory, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
            st.st_mtime < time(NULL) - STALE_AFTER && !in_use(e->d_name))
            unlinkat(directory, e->d_name, 0);
    if (d != NULL)
        closedir(d);
}

static bool holds(int directory, const struct wrapper *w)
{
    int fd = openat(directory, w->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    uint8_t *found = malloc(w->len + 1);
    bool same = fd >= 0 && found != NULL && fstat(fd, &st) == 0 && (st.st_mode & 0444) == 0444 &&
                read(fd, found, w->len + 1) == (ssize_t)w->len && memcmp(found, w->bytes, w->len) == 0;
    free(found);
    if (fd >= 0)
        close(fd);
    return same && utimensat(directory, w->name, NULL, 0) == 0;
}

/* Under another name first: a program that starts meanwhile sees the whole file or none. That name may be
 * left of a run that was killed, or of another namespace's process of our number: then under the next. */
static bool write_file(int directory, const struct wrapper *w)
{
    char name[120];
    int fd = -1;
    for (unsigned n = 0; fd < 0 && n < NAMES_MOST && (n == 0 || errno == EEXIST); n++) {
        snprintf(name, sizeof name, "%s.%ld.%u", w->name, (long)getpid(), n);
        fd = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    }
    if (fd < 0)
        return false;
    bool whole = write(fd, w->bytes, w->len) == (ssize_t)w->len && fchmod(fd, 0644) == 0;
    whole = close(fd) == 0 && whole && renameat(directory, name, directory, w->name) == 0;
    if (!whole)
        unlinkat(directory, name, 0);
    return whole;
}

bool place_wrapper(const struct wrapper *w, char *path)
{
    static const char *const roots[] = {"/tmp", "/var/tmp", "/dev/shm"};
    const char *chosen = secure_getenv("SWR_WRAP_DIR"), *why = NULL;
    char directory[PLACE_MAX - 128], last[sizeof directory + 100] = "";
    if (chosen != NULL &&
        (chosen[0] != '/' || strlen(chosen) >= sizeof directory || strpbrk(chosen, " :") != NULL)) {
        tell("SWR_WRAP_DIR=%s: an absolute path without blanks or colons is needed", chosen);
        return false;
    }
    for (size_t i = 0; i < (chosen != NULL ? 1 : sizeof roots / sizeof *roots); i++) {
        if (chosen != NULL)
            snprintf(directory, sizeof directory, "%s", chosen);
        else
            snprintf(directory, sizeof directory, "%s/swrcache-wrap-%ld", roots[i], (long)geteuid());
        int fd = open_directory(directory, &why);
        if (fd < 0) {
            snprintf(last, sizeof last, "%s: %s", directory, why);
            continue;
        }
        remove_stale(fd);
        bool there = holds(fd, w) || write_file(fd, w);
        snprintf(last, sizeof last, "%s: %s", directory, strerror(errno));
        close(fd);
        if (there) {
            snprintf(path, PLACE_MAX, "%s/%s", directory, w->name);
            return true;
        }
    }
    tell("%s; name a directory of your own with SWR_WRAP_DIR", last);
    return false;
}
