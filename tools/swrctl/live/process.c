#define _GNU_SOURCE
#include "process.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/wire.h"
#include "remains.h"

struct listing {
    struct process *list;
    size_t count, room;
    size_t directories;
    struct {
        dev_t dev;
        ino_t ino;
    } seen[PROCESSES_MAX]; /* the same directory may have two names */
};

void process_tell(const struct process *p, const char *why)
{
    fprintf(stderr, "swrctl: cannot reach process %ld (%s): %s\n", (long)p->pid, p->program, why);
}

static bool read_of(pid_t pid, const char *what, char *text, size_t room)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/%s", (long)pid, what);
    FILE *f = fopen(path, "re");
    size_t n = f != NULL ? fread(text, 1, room - 1, f) : 0;
    text[n] = 0;
    if (f != NULL)
        fclose(f);
    return n > 0;
}

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* The name it was called by, else the one it gave itself. */
static const char *name_of(pid_t pid, char *text, size_t room)
{
    if (read_of(pid, "cmdline", text, room) && base_of(text)[0] != 0)
        return base_of(text);
    if (!read_of(pid, "comm", text, room))
        return "?";
    text[strcspn(text, "\n")] = 0;
    return text;
}

/* As it is told: a terminal is not to obey what a program calls itself. */
static void program_of(struct process *p)
{
    char text[PATH_MAX];
    snprintf(p->program, PROGRAM_MAX, "%.*s", PROGRAM_MAX - 1, name_of(p->pid, text, sizeof text));
    for (char *c = p->program; *c != 0; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7F)
            *c = '?';
}

/* By the name it was called by, the one it gave itself, or its file's. */
static bool called(const struct process *p, const char *name)
{
    char text[PATH_MAX], path[64];
    if (strcmp(name_of(p->pid, text, sizeof text), name) == 0)
        return true;
    if (read_of(p->pid, "comm", text, sizeof text)) {
        text[strcspn(text, "\n")] = 0;
        if (strcmp(text, name) == 0)
            return true;
    }
    snprintf(path, sizeof path, "/proc/%ld/exe", (long)p->pid);
    ssize_t n = readlink(path, text, sizeof text - 1);
    text[n > 0 ? n : 0] = 0;
    return strcmp(base_of(text), name) == 0;
}

bool process_stopped(pid_t pid)
{
    char text[512];
    if (!read_of(pid, "stat", text, sizeof text))
        return false;
    const char *end = strrchr(text, ')');
    return end != NULL && (end[2] == 'T' || end[2] == 't');
}

/* A private directory of `owner` (of anyone's, for root: -1); -1 with errno, EPERM: not to be trusted. */
static int directory_open(const char *path, uid_t owner, struct stat *st)
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
static int dial_at(int directory, const struct process *p, uid_t owner)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct ucred peer;
    socklen_t len = sizeof peer;
    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%ld.sock", directory, (long)p->pid);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0) {
        if (peer.uid == owner)
            return fd;
        errno = EPERM;
    }
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

int process_dial(const struct process *p)
{
    struct stat st;
    int directory = directory_open(p->directory, p->uid, &st);
    if (directory < 0)
        return -1;
    int fd = dial_at(directory, p, p->uid), saved = errno;
    close(directory);
    errno = saved;
    return fd;
}

static bool seen_before(struct listing *l, const struct stat *st)
{
    for (size_t i = 0; i < l->directories; i++)
        if (l->seen[i].dev == st->st_dev && l->seen[i].ino == st->st_ino)
            return true;
    if (l->directories < PROCESSES_MAX) {
        l->seen[l->directories].dev = st->st_dev;
        l->seen[l->directories++].ino = st->st_ino;
    }
    return false;
}

static void list_directory(struct listing *l, const char *path, uid_t owner)
{
    struct stat st;
    int fd = directory_open(path, owner, &st);
    if (fd < 0) {
        if (errno != ENOENT)
            fprintf(stderr, "swrctl: %s is passed over: %s\n", path,
                    errno == EPERM
                        ? "another user's, or open to others; only a directory of mode 0700 is trusted"
                    : errno == ENOTDIR ? "not a directory, perhaps a symbolic link to one"
                                       : strerror(errno));
        return;
    }
    DIR *d = seen_before(l, &st) ? NULL : fdopendir(fd);
    if (d == NULL) {
        close(fd);
        return;
    }
    for (struct dirent *e; l->count < l->room && (e = readdir(d)) != NULL;) {
        char *end;
        if (!isdigit((unsigned char)e->d_name[0]))
            continue;
        long pid = strtol(e->d_name, &end, 10);
        if (strcmp(end, ".new") == 0)
            remains_remove(fd, e->d_name);
        if (strcmp(end, ".sock") != 0 || pid <= 0 || pid > INT_MAX)
            continue;
        struct process p = {.pid = (pid_t)pid, .uid = st.st_uid};
        snprintf(p.directory, sizeof p.directory, "%s", path);
        int probe = dial_at(fd, &p, st.st_uid);
        if (probe >= 0)
            close(probe);
        else if (errno == ECONNREFUSED || errno == ENOENT) {
            remains_remove(fd, e->d_name);
            continue;
        }
        program_of(&p);
        l->list[l->count++] = p;
    }
    closedir(d);
}

/* DIR/PREFIX<uid>SUFFIX for every uid there is. */
static void list_users(struct listing *l, const char *directory, const char *prefix, const char *suffix)
{
    DIR *d = opendir(directory);
    char path[PATH_ROOM], *end;
    size_t len = strlen(prefix);
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        if (strncmp(e->d_name, prefix, len) != 0 || !isdigit((unsigned char)e->d_name[len]))
            continue;
        unsigned long uid = strtoul(e->d_name + len, &end, 10);
        int n = snprintf(path, sizeof path, "%s/%s%s", directory, e->d_name, suffix);
        if (*end == 0 && uid < (uid_t)-1 && n > 0 && (size_t)n < sizeof path)
            list_directory(l, path, (uid_t)uid);
    }
    if (d != NULL)
        closedir(d);
}

static int by_pid(const void *a, const void *b)
{
    const struct process *x = a, *y = b;
    return (x->pid > y->pid) - (x->pid < y->pid);
}

size_t process_list(struct process *list, size_t room)
{
    static struct listing l;
    char path[PATH_ROOM];
    const char *chosen = getenv("SWR_SOCKET_DIR");
    bool root = geteuid() == 0;
    l = (struct listing){.list = list, .room = room};
    if (wire_directory(path, sizeof path, chosen))
        list_directory(&l, path, root && chosen != NULL && chosen[0] != 0 ? (uid_t)-1 : geteuid());
    else if (chosen != NULL && chosen[0] != 0)
        fprintf(stderr, "swrctl: SWR_SOCKET_DIR=%s: its name is too long, or not absolute\n", chosen);
    if (chosen == NULL || chosen[0] == 0) {
        /* The process may have had another environment: sudo, cron, a service. */
        if (root) {
            list_directory(&l, "/run/swrcache", 0);
            list_users(&l, "/run/user", "", "/swrcache");
            list_users(&l, "/tmp", "swrcache-", "");
        } else {
            snprintf(path, sizeof path, "/run/user/%u/swrcache", (unsigned int)geteuid());
            list_directory(&l, path, geteuid());
            snprintf(path, sizeof path, "/tmp/swrcache-%u", (unsigned int)geteuid());
            list_directory(&l, path, geteuid());
        }
    }
    qsort(list, l.count, sizeof *list, by_pid);
    return l.count;
}

static int tell_none(const char *wanted)
{
    char path[PATH_ROOM], *end;
    struct stat st;
    long pid = strtol(wanted, &end, 10);
    if (*end != 0 || pid <= 0 || pid > INT_MAX || (kill((pid_t)pid, 0) != 0 && errno == ESRCH)) {
        fprintf(stderr, "swrctl: no process %s with cached functions; swrctl ps lists them\n", wanted);
        return STATUS_NO_PROCESS;
    }
    if (!wire_directory(path, sizeof path, getenv("SWR_SOCKET_DIR")))
        snprintf(path, sizeof path, "no usable directory");
    size_t len = strlen(path);
    snprintf(path + len, sizeof path - len, "/%ld.sock", pid);
    if (lstat(path, &st) == 0)
        fprintf(stderr, "swrctl: process %ld does not listen on %s any more: it closed the descriptor\n", pid,
                path);
    else
        fprintf(stderr,
                "swrctl: process %ld has no control socket: it made no cached call yet, has SWR_CONTROL=0, "
                "another SWR_SOCKET_DIR, or is another user's\n",
                pid);
    return STATUS_NO_PROCESS;
}

int process_choose(const struct invocation *in, struct process *list, size_t room, size_t *count)
{
    size_t n = process_list(list, room);
    *count = 0;
    if (in->process != NULL) {
        char *end;
        long pid = strtol(in->process, &end, 10);
        bool number = in->process[0] != 0 && *end == 0;
        for (size_t i = 0; i < n; i++)
            if (number ? list[i].pid == pid : called(&list[i], in->process))
                list[(*count)++] = list[i];
        return *count > 0 ? STATUS_DONE : tell_none(in->process);
    }
    if (n == 0) {
        char directory[PATH_ROOM];
        if (!wire_directory(directory, sizeof directory, getenv("SWR_SOCKET_DIR")))
            snprintf(directory, sizeof directory, "no usable directory");
        fprintf(stderr, "swrctl: no process with cached functions (looked in %s)\n", directory);
        return STATUS_NO_PROCESS;
    }
    if (n > 1 && !in->all) {
        fprintf(stderr, "swrctl: %zu processes have cached functions; say which with -p, or -a for all:\n",
                n);
        for (size_t i = 0; i < n; i++)
            fprintf(stderr, "  %ld %s\n", (long)list[i].pid, list[i].program);
        return STATUS_USAGE;
    }
    *count = n;
    return STATUS_DONE;
}
