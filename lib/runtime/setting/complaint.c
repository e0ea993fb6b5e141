#define _GNU_SOURCE
#include "complaint.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/os.h"
#include "base/shelter.h"
#include "base/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const char *log_file;

void option_complain_to(const char *file)
{
    log_file = file;
}

enum { COMPLAINTS = 64, COMPLAINT_LEN = 200, TOLD_LEN = 520 };

static char complaints[COMPLAINTS][COMPLAINT_LEN]; /* complaint_lock */
static _Atomic uint32_t complained;
LOCK(complaint);

/*
 * Never waits, whatever lies there: for who reads a FIFO, for a terminal's line. A link is followed only
 * where root or we made it, as /dev/stderr is: another's, in a folder open to all, may lead to a file of
 * ours.
 */
static int open_log(void)
{
    int flags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    struct stat st;
    int fd = (int)syscall(SYS_openat, AT_FDCWD, log_file, flags | O_CREAT | O_NOFOLLOW, 0600);
    if (fd < 0 && errno == ELOOP && fstatat(AT_FDCWD, log_file, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
        (st.st_uid == 0 || st.st_uid == geteuid()))
        fd = (int)syscall(SYS_openat, AT_FDCWD, log_file, flags, 0);
    if (fd >= 0 && fd <= 2) {
        int high = (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 3);
        syscall(SYS_close, fd);
        fd = high;
    }
    return fd;
}

/* Where nobody reads a FIFO any more, or files may grow no further, the signal for that is ours, not the
 * program's. */
static void write_quietly(int fd, const char *line)
{
    static const int signals[] = {SIGPIPE, SIGXFSZ}, errors[] = {EPIPE, EFBIG};
    sigset_t both, pending, old, one;
    sigemptyset(&both);
    for (int i = 0; i < 2; i++)
        sigaddset(&both, signals[i]);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &both, &old);
    bool failed = syscall(SYS_write, fd, line, strlen(line)) < 0;
    for (int i = 0; failed && i < 2; i++) {
        if (errno != errors[i] || sigismember(&pending, signals[i]))
            continue;
        sigemptyset(&one);
        sigaddset(&one, signals[i]);
        /* Not sigtimedwait(): see shelter.h. */
        syscall(SYS_rt_sigtimedwait, &one, NULL, &(struct timespec){0, 0}, NSIG / 8);
        break;
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static void append(char *line)
{
    /* Under a filter of system calls that is new it is remembered alone: to open a file may be the end. */
    int fd = os_locked_in() ? -1 : open_log();
    if (fd < 0)
        return;
    strcat(line, "\n");
    write_quietly(fd, line);
    syscall(SYS_close, fd);
}

/* A name from elsewhere may hold anything; a complaint is one line. */
static void make_one_line(char *line)
{
    for (char *at = line; *at != 0; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = '?';
}

void option_tell(const char *format, ...)
{
    int saved = errno;
    struct shelter shelter;
    shelter_take(&shelter);
    char line[TOLD_LEN];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line - 1, format, args);
    va_end(args);
    make_one_line(line);
    if (log_file != NULL)
        append(line);
    shelter_give(&shelter);
    errno = saved;
}

void option_complain(const char *format, ...)
{
    int saved = errno;
    struct shelter shelter;
    /* The caller may hold locks: the file's system calls must not be where its thread is cancelled. */
    shelter_take(&shelter);
    char line[COMPLAINT_LEN];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line - 1, format, args);
    va_end(args);
    make_one_line(line);
    lock_take(&complaint_lock);
    uint32_t n = atomic_load(&complained), same = 0;
    while (same < n && strcmp(complaints[same], line) != 0)
        same++;
    bool said = same == n && n < COMPLAINTS;
    if (said) {
        if (n + 1 == COMPLAINTS)
            strcpy(line, "there is more to complain of; it is left out");
        strcpy(complaints[n], line);
        atomic_store(&complained, n + 1);
    }
    lock_give(&complaint_lock);
    /* What is said again and again is said once. */
    if (said && log_file != NULL)
        append(line);
    shelter_give(&shelter);
    errno = saved;
}

const char *option_complaint(uint32_t i)
{
    return i < atomic_load(&complained) ? complaints[i] : NULL;
}
