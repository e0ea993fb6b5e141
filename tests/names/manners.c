/*
 * manners.c - what programs do around lookups: constructors that ask before ours, signals, cancelled and
 * jumped-out lookups, descriptors closed by number, a name service that asks back, exit amid a refresh. Run
 * inside.sh with the preset preloaded. argv[1]: a library whose constructor looks a name up.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "names.h"

static void backend_takes(const char *ms)
{
    setenv("SWRSLOW_MS", ms, 1);
}

static bool resolves(const char *node)
{
    struct addrinfo *list = NULL;
    bool good = getaddrinfo(node, "80", NULL, &list) == 0;
    if (good)
        freeaddrinfo(list);
    return good;
}

static int status_of(pid_t child)
{
    int status = -1;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

/* A handler that asks while the same thread is amid asking. */
static volatile sig_atomic_t asked_in_handler;

static void ask_in_handler(int number)
{
    (void)number;
    int saved = errno;
    asked_in_handler += getpwuid(20001) != NULL;
    errno = saved;
}

static void signals_amid(void)
{
    struct sigaction action = {.sa_handler = ask_in_handler};
    sigaction(SIGUSR1, &action, NULL);
    sigset_t none, old;
    CHECK(getpwuid(20001) != NULL);
    pid_t parent = getpid(), child = fork();
    if (child == 0) {
        for (int i = 0; i < 300; i++) {
            kill(parent, SIGUSR1);
            nanosleep(&(struct timespec){0, 100000}, NULL);
        }
        _exit(0);
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, &old);
    while (waitpid(child, NULL, WNOHANG) == 0) {
        struct passwd user, *found;
        char buffer[500];
        CHECK(getpwuid_r(20002, &user, buffer, sizeof buffer, &found) == 0 && found == &user);
        CHECK(resolves("h1.slow"));
        /* Handlers run amid fork() too, between what is done before it and after it. */
        pid_t forked = fork();
        if (forked == 0)
            _exit(0);
        CHECK(status_of(forked) == 0);
    }
    sigprocmask(SIG_SETMASK, &old, NULL);
    CHECK(asked_in_handler > 0);
}

/* The old way to limit a lookup's time: jump out of it. */
static sigjmp_buf out;

static void jump(int number)
{
    (void)number;
    siglongjmp(out, 1);
}

static void jumped_out(void)
{
    struct sigaction action = {.sa_handler = jump};
    sigaction(SIGALRM, &action, NULL);
    if (sigsetjmp(out, 1) == 0) {
        ualarm(50000, 0);
        struct passwd user, *found;
        char buffer[500];
        getpwuid_r(20006, &user, buffer, sizeof buffer, &found); /* takes longer */
        CHECK(!"came back");
    }
    backend_takes("0");
    CHECK(getpwuid(20006) != NULL && getpwuid(20006) != NULL);
    signal(SIGALRM, SIG_DFL);
    alarm(300);
}

static void *cancelled_lookup(void *unused)
{
    (void)unused;
    getpwuid(20007);
    return NULL;
}

static void cancelled(void)
{
    pthread_t thread;
    void *left = NULL;
    backend_takes("300");
    CHECK(pthread_create(&thread, NULL, cancelled_lookup, NULL) == 0);
    nanosleep(&(struct timespec){0, 50000000}, NULL);
    pthread_cancel(thread);
    CHECK(pthread_join(thread, &left) == 0);
    backend_takes("0");
    CHECK(getpwuid(20007) != NULL);
}

/* closefrom() and a file in the place of what was there: nobody else writes to it. */
static void closes_descriptors(void)
{
    char path[300];
    struct stat st;
    snprintf(path, sizeof path, "%s/own", getenv("SWR_TEST_FILES"));
    pid_t child = fork();
    if (child == 0) {
        CHECK(resolves("h2.slow"));
        close(0);
        closefrom(3);
        int own[8];
        for (int i = 0; i < 8; i++)
            own[i] = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
        CHECK(own[0] == 0 && own[1] == 3);
        for (int i = 0; i < 20; i++) {
            api->advance(6000); /* refreshes */
            CHECK(resolves("h2.slow") && getpwuid(20003) != NULL);
        }
        CHECK(api->drain(10000));
        CHECK(fstat(own[0], &st) == 0 && st.st_size == 0);
        _exit(failures != 0);
    }
    CHECK(status_of(child) == 0);
}

/* Waits for signals in one place: no thread of ours may take them. */
static void waits_for_signals(void)
{
    pid_t child = fork();
    if (child == 0) {
        sigset_t term;
        int got = 0;
        sigemptyset(&term);
        sigaddset(&term, SIGTERM);
        CHECK(resolves("h3.slow"));
        api->advance(6000);
        CHECK(resolves("h3.slow")); /* a thread of ours starts, before the mask */
        pthread_sigmask(SIG_BLOCK, &term, NULL);
        kill(getpid(), SIGTERM);
        CHECK(sigwait(&term, &got) == 0 && got == SIGTERM);
        _exit(failures != 0);
    }
    CHECK(status_of(child) == 0);
}

/* exit() amid a refresh: the status is the program's, and it does not wait for the backend. */
static void exits_amid_refresh(void)
{
    pid_t child = fork();
    if (child == 0) {
        CHECK(resolves("h4.slow"));
        backend_takes("200000");
        api->advance(6000);
        CHECK(resolves("h4.slow"));
        if (failures != 0)
            _exit(1);
        alarm(150); /* before the backend is done */
        exit(7);
    }
    int status = status_of(child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

static void leaves_no_descriptors(void)
{
    CHECK(resolves("h5.slow") && getpwnam("slow20009") != NULL);
    int before = process_count("/proc/self/fd");
    for (int i = 0; i < 100; i++) {
        api->advance(1000);
        CHECK(resolves("h5.slow") && getpwnam("slow20009") != NULL);
    }
    CHECK(api->drain(10000));
    CHECK(process_count("/proc/self/fd") == before);
}

#define ALLOW(number)                                                                                        \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##number, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

/* Hits ask the system for nothing but a look at the files; whatever else would end the child. */
static void quiet_hits(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        ALLOW(newfstatat),
        ALLOW(exit_group),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    const struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    pid_t child = fork();
    if (child == 0) {
        char host[100] = "";
        struct passwd user, *found;
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x0a090805)};
        bool good = true;
        for (int i = 0; i < 20000; i++) {
            good =
                good && getpwuid_r(20002, &user, host, sizeof host, &found) == 0 && found != NULL &&
                getpwnam("slow20009") != NULL && gethostbyname("h5.slow") != NULL &&
                getnameinfo((struct sockaddr *)&address, sizeof address, host, sizeof host, NULL, 0, 0) == 0;
            if (i == 0 && (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
                           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0))
                _exit(2);
        }
        _exit(good ? 0 : 1);
    }
    CHECK(status_of(child) == 0);
}

static void other_constructors(const char *library)
{
    void *loaded = dlopen(library, RTLD_NOW);
    const int *found = loaded != NULL ? dlsym(loaded, "swrcache_test_found") : NULL;
    CHECK(found != NULL && *found == 1);
}

int main(int argc, char **argv)
{
    find_runtime();
    if (api == NULL || argc < 2 || getenv("SWR_TEST_FILES") == NULL)
        return 99;
    alarm(300);
    other_constructors(argv[1]);
    signals_amid();
    backend_takes("2000");
    jumped_out();
    cancelled();
    closes_descriptors();
    waits_for_signals();
    exits_amid_refresh();
    leaves_no_descriptors();
    quiet_hits();
    if (failures == 0)
        puts("manners: as promised");
    return failures != 0;
}
