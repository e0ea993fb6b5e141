#define _GNU_SOURCE
#include "descriptor.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int descriptor_above_standard(int fd)
{
    if (fd < 0 || fd > 2)
        return fd;
    /* Not fcntl(): with large files it goes by a name that other libcs do not have. */
    int high = (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 3);
    close(fd);
    return high;
}

bool descriptor_keep(struct descriptor *d, int fd)
{
    struct stat st;
    d->fd = -1;
    if (fd < 0)
        return false;
    if (fstat(fd, &st) != 0) {
        close(fd);
        return false;
    }
    *d = (struct descriptor){fd, st.st_dev, st.st_ino};
    return true;
}

bool descriptor_ours(const struct descriptor *d)
{
    struct stat st;
    return d->fd >= 0 && fstat(d->fd, &st) == 0 && S_ISSOCK(st.st_mode) && st.st_dev == d->dev &&
           st.st_ino == d->ino;
}

void descriptor_close(struct descriptor *d)
{
    if (descriptor_ours(d))
        close(d->fd);
    d->fd = -1;
}
