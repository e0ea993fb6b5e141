#define _GNU_SOURCE
#include "place.h"
#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

_Static_assert(sizeof((struct sockaddr_un *)0)->sun_path == PLACE_PATH, "as long as a socket's path may be");

static bool scarce(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS;
}

/* Of these a program that was started as somebody else is no mistake. */
static const char others[] = "it belongs to another user", forbidden[] = "another user may not use it";

static int directory_open(const char *path, bool make, const char **why)
{
    struct stat st;
    bool made = make && mkdirat(AT_FDCWD, path, 0700) == 0;
    bool denied = make && !made && (errno == EACCES || errno == EPERM || errno == EROFS);
    int fd = descriptor_above_standard(open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (fd < 0) {
        *why = scarce(errno)      ? "no descriptor is left"
               : errno == ENOTDIR ? "it is not a directory, perhaps a symbolic link"
               : errno == EACCES  ? forbidden
               : errno != ENOENT  ? "it cannot be opened"
               : denied           ? forbidden
                                  : "it cannot be made";
        return -1;
    }
    if (fstat(fd, &st) != 0 || st.st_uid != geteuid()) {
        *why = others;
    } else {
        if (made && (st.st_mode & 07777) != 0700) {
            /* A umask took rights away from us; through the descriptor, so that no other path is meant. */
            char self[32];
            snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
            if (chmod(self, 0700) != 0 || fstat(fd, &st) != 0)
                st.st_mode = 0;
        }
        if ((st.st_mode & 0777) == 0700)
            return fd;
        *why = "its mode is not 0700";
    }
    close(fd);
    errno = 0;
    return -1;
}

/* False: longer than a socket's path may be. Through the descriptor, so that nobody who may write above it
 * puts another directory in its place meanwhile; by its path where /proc does not show it. */
static bool address_of(const struct place *p, int directory, const char *name, struct sockaddr_un *address)
{
    char self[32];
    struct stat here, there;
    snprintf(self, sizeof self, "/proc/self/fd/%d", directory);
    bool shown = fstat(directory, &here) == 0 && fstatat(AT_FDCWD, self, &there, 0) == 0 &&
                 here.st_dev == there.st_dev && here.st_ino == there.st_ino;
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    int n = snprintf(address->sun_path, sizeof address->sun_path, "%s/%s", shown ? self : p->directory, name);
    return n > 0 && (size_t)n < sizeof address->sun_path;
}

/* A socket file that nobody answers any more. */
static bool abandoned(int directory, const char *name, const struct sockaddr_un *address)
{
    struct stat st;
    if (fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISSOCK(st.st_mode))
        return false;
    int fd = descriptor_above_standard(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (fd < 0)
        return false;
    bool refused =
        connect(fd, (const struct sockaddr *)address, sizeof *address) != 0 && errno == ECONNREFUSED;
    close(fd);
    return refused;
}

/* With what the dead left there out of the way. */
static bool bind_at(int directory, const char *name, int fd, const struct sockaddr_un *address)
{
    const struct sockaddr *at = (const struct sockaddr *)address;
    return bind(fd, at, sizeof *address) == 0 ||
           (errno == EADDRINUSE && abandoned(directory, name, address) && unlinkat(directory, name, 0) == 0 &&
            bind(fd, at, sizeof *address) == 0);
}

/* What tells apart processes of one number in different pid namespaces that share a directory. */
static unsigned long long namespace_number(void)
{
    struct stat st;
    struct timespec now;
    if (fstatat(AT_FDCWD, "/proc/self/ns/pid", &st, 0) == 0)
        return st.st_ino;
    clock_gettime(CLOCK_REALTIME, &now);
    return (unsigned long long)now.tv_sec * 1000000000u + (unsigned long long)now.tv_nsec;
}

/* Gives what is listening under another name this one, if no living process has it. */
static bool link_as(struct place *p, int directory, const char *name)
{
    struct sockaddr_un address;
    return linkat(directory, name, directory, p->name, 0) == 0 ||
           (errno == EEXIST && address_of(p, directory, p->name, &address) &&
            abandoned(directory, p->name, &address) && unlinkat(directory, p->name, 0) == 0 &&
            linkat(directory, name, directory, p->name, 0) == 0);
}

/* The socket answers under its name from the moment that the name is there: whoever waits for the file may
 * connect at once. Bound and listening under another name, which no other process makes, then linked. */
static bool publish(struct place *p, int directory, int fd, int backlog)
{
    struct sockaddr_un new;
    char name[sizeof p->name];
    struct stat st = {0};
    long pid = (long)getpid();
    unsigned long long number = namespace_number();
    snprintf(name, sizeof name, "%ld-%llu.new", pid, number);
    if (!address_of(p, directory, name, &new) || !bind_at(directory, name, fd, &new))
        return false;
    bool done = fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISSOCK(st.st_mode);
    p->dev = st.st_dev;
    p->ino = st.st_ino;
    /* The directory is private; this only gives back what a umask took. */
    if (done && (st.st_mode & 0600) != 0600)
        fchmodat(directory, name, 0600, 0);
    done = done && listen(fd, backlog) == 0;
    if (done && !link_as(p, directory, name)) {
        /* Somebody listens there: a process of this number in another namespace. No socket is no such sign.
         */
        done = fstatat(directory, p->name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISSOCK(st.st_mode);
        snprintf(p->name, sizeof p->name, "%ld-%llu.sock", pid, number);
        done = done && link_as(p, directory, name);
    }
    int saved = errno;
    unlinkat(directory, name, 0);
    errno = saved;
    return done;
}

/* In p->directory. */
static bool listen_in(struct place *p, struct descriptor *listening, int backlog, const char **why)
{
    snprintf(p->name, sizeof p->name, "%ld.sock", (long)getpid());
    if (strlen(p->directory) + 1 + strlen(p->name) >= sizeof((struct sockaddr_un *)0)->sun_path) {
        *why = "its name is too long";
        errno = 0;
        return false;
    }
    int directory = directory_open(p->directory, true, why);
    if (directory >= 0) {
        *why = "no descriptor is left";
        if (descriptor_keep(listening, descriptor_above_standard(
                                           socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)))) {
            *why = "no socket can be made there";
            if (publish(p, directory, listening->fd, backlog)) {
                close(directory);
                return true;
            }
            int saved = errno;
            descriptor_close(listening);
            errno = saved;
        }
        int saved = errno;
        close(directory);
        errno = saved;
    }
    return false;
}

static bool note_root(struct place *p)
{
    struct stat st;
    if (fstatat(AT_FDCWD, "/", &st, 0) == 0) {
        p->root_dev = st.st_dev;
        p->root_ino = st.st_ino;
    }
    return true;
}

bool place_listen(struct place *p, struct descriptor *listening, const struct wire_said *said, int backlog,
                  const char **why)
{
    bool chosen = said->chosen != NULL && said->chosen[0] != 0;
    enum wire_directory found;
    *p = (struct place){0};
    listening->fd = -1;
    for (unsigned n = 0; (found = wire_directory(p->directory, PLACE_PATH, said, n)) != WIRE_NO_MORE; n++) {
        *why = "its name is too long, or not absolute";
        errno = 0;
        if (found == WIRE_TOO_LONG)
            snprintf(p->directory, PLACE_PATH, chosen ? "SWR_SOCKET_DIR" : "XDG_RUNTIME_DIR");
        else if (listen_in(p, listening, backlog, why))
            return note_root(p);
        if (scarce(errno))
            return false;
        if (n == 0) {
            memcpy(p->passed, p->directory, PLACE_PATH);
            p->passed_why = *why;
        }
        if (n == 0 && chosen && *why != others && *why != forbidden)
            break;
    }
    memcpy(p->directory, p->passed, PLACE_PATH);
    *why = p->passed_why;
    errno = 0;
    return false;
}

/* Without a descriptor: it may be asked again and again, while the program closes all that it does not know.
 */
bool place_kept(const struct place *p)
{
    char path[sizeof p->directory + sizeof p->name];
    struct stat st;
    /* From another root nobody can tell; and the file is where others look for it. */
    if (fstatat(AT_FDCWD, "/", &st, 0) != 0 || st.st_dev != p->root_dev || st.st_ino != p->root_ino)
        return true;
    snprintf(path, sizeof path, "%s/%s", p->directory, p->name);
    return fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) == 0 ? st.st_dev == p->dev && st.st_ino == p->ino
                                                                  : errno != ENOENT && errno != ENOTDIR;
}

void place_leave(const struct place *p)
{
    struct stat st;
    const char *why;
    int directory = directory_open(p->directory, false, &why);
    if (directory < 0)
        return;
    if (fstatat(directory, p->name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISSOCK(st.st_mode) &&
        st.st_dev == p->dev && st.st_ino == p->ino)
        unlinkat(directory, p->name, 0);
    close(directory);
}

static _Atomic uint64_t refused;

uint64_t place_refused(void)
{
    return atomic_load(&refused);
}

uint64_t place_refuse(void)
{
    return atomic_fetch_add(&refused, 1);
}
