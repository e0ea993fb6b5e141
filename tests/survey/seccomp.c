/*
 * seccomp.c - looks names up, then locks itself in, and looks the same names up again a few times, as a
 * daemon does that drops everything after its start. Threads, sockets and new programs then kill       end it
 *   refuse     are not permitted
 *   unknown    are unknown to the system
 * usage: seccomp kill|refuse|unknown
 *        seccomp refuse|unknown PROGRAM ARGUMENTS...      locks itself in at once and becomes PROGRAM
 */
#include <errno.h>
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

#define IS(number, otherwise)                                                                                \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##number, 0, 1), BPF_STMT(BPF_RET | BPF_K, otherwise)

static int lock_in(const char *how, int programs)
{
    unsigned otherwise = strcmp(how, "kill") == 0     ? SECCOMP_RET_KILL_PROCESS
                         : strcmp(how, "refuse") == 0 ? SECCOMP_RET_ERRNO | EPERM
                                                      : SECCOMP_RET_ERRNO | ENOSYS;
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        IS(clone, otherwise),
        IS(clone3, otherwise),
        IS(socket, otherwise),
        IS(socketpair, otherwise),
        IS(bind, otherwise),
        IS(execve, programs ? SECCOMP_RET_ALLOW : otherwise),
        IS(setuid, otherwise),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

int main(int argc, char **argv)
{
    const struct timespec step = {0, 100000000};
    if (argc < 2)
        return 2;
    if (argc > 2) {
        if (lock_in(argv[1], 1))
            execvp(argv[2], argv + 2);
        return 1;
    }
    const struct passwd *user = getpwuid(0);
    printf("%s\n", user != NULL ? user->pw_name : "none");
    if (!lock_in(argv[1], 0))
        return 1;
    /* Past the time after which threads might start. */
    for (int i = 0; i < 5; i++) {
        user = getpwuid(0);
        printf("%s\n", user != NULL && strlen(user->pw_name) == 4 ? user->pw_name : "none");
        nanosleep(&step, NULL);
    }
    return 0;
}
