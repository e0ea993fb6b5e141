/* scratch.h - a directory of the test's own, for the control socket. */
#ifndef SCRATCH_H
#define SCRATCH_H

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

static char scratch[80];

/* Starts the program over with the control socket in a new directory. */
static inline void scratch_socket(char **argv)
{
    const char *known = getenv("HAZARD_SCRATCH");
    if (known == NULL) {
        const char *base = getenv("TMPDIR");
        snprintf(scratch, sizeof scratch, "%s/swrcache-XXXXXX", base != NULL ? base : "/tmp");
        if (mkdtemp(scratch) == NULL) {
            perror(scratch);
            _exit(2);
        }
        setenv("HAZARD_SCRATCH", scratch, 1);
        setenv("SWR_SOCKET_DIR", scratch, 1);
        setenv("SWR_CONTROL", "1", 1);
        execv("/proc/self/exe", argv);
        _exit(2);
    }
    snprintf(scratch, sizeof scratch, "%s", known);
}

/* To this process's socket, once it is there; without CLOEXEC not, that is the host's affair. */
static inline int scratch_connect(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/%d.sock", scratch, getpid());
    for (int tries = 0; tries < 2000; tries++) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
            return fd;
        if (fd >= 0)
            close(fd);
        pause_ms(5);
    }
    return -1;
}

static inline void scratch_remove(void)
{
    char socket_file[300];
    snprintf(socket_file, sizeof socket_file, "%s/%d.sock", scratch, getpid());
    unlink(socket_file);
    rmdir(scratch);
}

#endif
