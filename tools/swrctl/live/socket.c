#define _GNU_SOURCE
#include "socket.h"
#include "control/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

bool socket_first_directory(char path[PATH_ROOM])
{
    const struct wire_said said = {getenv("SWR_SOCKET_DIR"), getenv("XDG_RUNTIME_DIR")};
    return wire_directory(path, PATH_ROOM, &said, 0) == WIRE_DIRECTORY;
}

int socket_directory(const char *path, uid_t owner, struct stat *st)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -1;
    if (fstat(fd, st) == 0 && (st->st_mode & 0077) == 0 && (owner == (uid_t)-1 || st->st_uid == owner))
        return fd;
    close(fd);
    errno = EPERM;
    return -1;
}

/* By way of the directory that was checked, wherever its name leads by now. */
static int dial_at(int directory, const struct process *p, struct ucred *peer)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t len = sizeof *peer;
    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", directory, p->socket);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, peer, &len) == 0) {
        if (peer->uid == p->uid)
            return fd;
        errno = EPERM;
    }
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

/* 0: a process of a namespace that cannot be seen from here. Its number says nothing then, its user does. */
static bool is_of(pid_t peer, pid_t own)
{
    return peer == 0 || process_own_number(peer) == own;
}

bool socket_attribute(int directory, struct process *p)
{
    struct ucred peer;
    int fd = dial_at(directory, p, &peer);
    if (fd < 0)
        return false;
    close(fd);
    errno = ESRCH;
    p->pid = peer.pid;
    return is_of(peer.pid, p->own);
}

int socket_dial(const struct process *p)
{
    struct stat st;
    struct ucred peer;
    int directory = socket_directory(p->directory, p->uid, &st);
    if (directory < 0)
        return -1;
    int fd = dial_at(directory, p, &peer), saved = errno;
    close(directory);
    if (fd >= 0 && (peer.pid != p->pid || !is_of(peer.pid, p->own))) {
        close(fd);
        fd = -1;
        saved = ESRCH;
    }
    errno = saved;
    return fd;
}

const char *socket_error(int error)
{
    return error == EPERM   ? "the socket belongs to another user"
           : error == ESRCH ? "another process listens there"
                            : strerror(error);
}
