/*
 * seccomp.c - looks names up, then locks itself in: a filter that kills at threads, sockets and new files,
 * and the same names again a few times, as a daemon does that drops everything after its start.
 */
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pwd.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define KILL(number)                                                                                         \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##number, 0, 1),                                                 \
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)

int main(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        KILL(clone),
        KILL(clone3),
        KILL(socket),
        KILL(socketpair),
        KILL(bind),
        KILL(execve),
        KILL(setuid),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    const struct timespec step = {0, 100000000};
    const struct passwd *user = getpwuid(0);
    printf("%s\n", user != NULL ? user->pw_name : "none");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        return 1;
    /* Past the time after which threads might start. */
    for (int i = 0; i < 5; i++) {
        user = getpwuid(0);
        printf("%s\n", user != NULL && strlen(user->pw_name) == 4 ? user->pw_name : "none");
        nanosleep(&step, NULL);
    }
    return 0;
}
