/*
 * Promise 10: nothing is printed, no signal handled, no exit or abort; no descriptor without CLOEXEC, none
 * of 0 to 2 taken; the host's signals blocked in our threads, its own threads' masks and handlers as they
 * were. The program runs a child with descriptors 0 to 2 closed, and one whose output goes to a file.
 */
#include "promise.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "../tasks.h"

enum { DESCRIPTORS = 256, REPORT = 200, SIGNALS = 64 };

static char scratch[80];
static _Atomic int bodies;

SWR_CACHED(int, value, (SWR_VAL(int, n)), .ttl_ms = -7, .jitter_pct = 0, .retry_ms = 1,
           .fails = SWR_FAILS_NEGATIVE)
{
    bodies++;
    return n < 0 ? -1 : n;
}

SWR_CACHED_STRING(text, (SWR_STR(s)), .ttl_ms = 1000, .stale_ms = SWR_FOREVER, .keep_warm_ms = 1000,
                  .jitter_pct = 0)
{
    bodies++;
    return strdup(s);
}

/* The worker is held while the threads are looked at. */
static int every_thread_blocks(void)
{
    int others = 0;
    CHECK(value(1) == 1);
    gate_close("leader.before_call");
    swrcache_advance(40000);
    value(1);
    gate_await(1);
    int all = tasks_block_all(&others);
    gate_open();
    return all && others >= 1;
}

static void everything(void)
{
    char big[9000];
    memset(big, 'b', sizeof big - 1);
    big[sizeof big - 1] = 0;
    for (int n = -3; n < 300; n++)
        CHECK(value(n) == (n < 0 ? -1 : n));
    for (int i = 0; i < 3; i++) {
        free(text("small"));
        free(text(big));
        swrcache_advance(1500);
    }
    SWR_EXPIRE_ALL(value);
    SWR_REFRESH(value, 1);
    CHECK(swrcache_drain(10000));
    SWR_INVALIDATE(text, big);
    SWR_INVALIDATE_ALL(value);
    pid_t child = fork();
    if (child == 0)
        _exit(value(3) != 3);
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

/* Asks the control thread something wrong and something right; the descriptor is this test's own. */
static void converse(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char reply[256];
    snprintf(address.sun_path, sizeof address.sun_path, "%s/%d.sock", scratch, getpid());
    for (int tries = 0; tries < 5000; tries++) {
        int fd = fcntl(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), F_DUPFD_CLOEXEC, 100);
        for (int low = 0; low < 3; low++)
            close(low);
        bool there = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
        if (there) {
            CHECK(send(fd, "nonsense\nfunctions\n", 19, MSG_NOSIGNAL) == 19);
            CHECK(recv(fd, reply, sizeof reply, 0) > 0);
            return;
        }
        close(fd);
        usleep(1000);
    }
    CHECK(!"the control socket came");
}

static void no_standard_descriptor(void)
{
    bool mine[DESCRIPTORS];
    for (int fd = 0; fd < 3; fd++)
        close(fd);
    for (int fd = 0; fd < DESCRIPTORS; fd++)
        mine[fd] = fcntl(fd, F_GETFD) >= 0;
    everything();
    converse();
    int ours = 0;
    for (int fd = 0; fd < DESCRIPTORS; fd++) {
        int flags = fcntl(fd, F_GETFD);
        if (flags < 0 || mine[fd])
            continue;
        ours++;
        CHECK(fd > 2 && (flags & FD_CLOEXEC));
    }
    /* The listening socket, and both ends of the conversation. */
    CHECK(ours >= 3);
    dprintf(REPORT, "%d", failures);
}

static void quiet(void)
{
    struct stat st;
    everything();
    CHECK(every_thread_blocks());
    if (fstat(1, &st) == 0)
        dprintf(REPORT, "%d", failures + (st.st_size != 0));
}

/* What a child run as `how` reports: the number of its failures. 1 stands for none at all. */
static int run(char **argv, const char *how)
{
    int ends[2], status;
    char report[16] = "", output[100];
    CHECK(pipe(ends) == 0);
    snprintf(output, sizeof output, "%s/output", scratch);
    pid_t child = fork();
    if (child == 0) {
        int out = open(output, O_RDWR | O_CREAT | O_TRUNC, 0600);
        dup2(out, 1);
        dup2(out, 2);
        dup2(ends[1], REPORT);
        close(out);
        setenv("SWR_CONTROL", "1", 1);
        setenv("SWR_SOCKET_DIR", scratch, 1);
        /* A wrong setting and a wrong policy: told, but not here. */
        setenv("SWR_MAX_BYTES", "lots", 1);
        execl("/proc/self/exe", argv[0], how, scratch, NULL);
        _exit(3);
    }
    close(ends[1]);
    ssize_t n = read(ends[0], report, sizeof report - 1);
    close(ends[0]);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    if (n <= 0 || strcmp(report, "0") != 0) {
        char *cat[] = {"cat", output, NULL};
        if (fork() == 0)
            execvp("cat", cat);
        wait(NULL);
    }
    unlink(output);
    return n > 0 ? atoi(report) : 1;
}

static void signals_stay(void)
{
    struct sigaction before[SIGNALS + 1], after;
    sigset_t mask, now;
    for (int s = 1; s <= SIGNALS; s++)
        if (sigaction(s, NULL, &before[s]) != 0)
            memset(&before[s], 0, sizeof before[s]);
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    everything();
    pthread_sigmask(SIG_BLOCK, NULL, &now);
    for (int s = 1; s <= SIGNALS; s++) {
        CHECK(sigismember(&mask, s) == sigismember(&now, s));
        if (sigaction(s, NULL, &after) == 0)
            CHECK(after.sa_handler == before[s].sa_handler && after.sa_flags == before[s].sa_flags);
    }
}

int main(int argc, char **argv)
{
    with_manual_clock(argv);
    if (argc > 2) {
        snprintf(scratch, sizeof scratch, "%s", argv[2]);
        if (strcmp(argv[1], "closed") == 0)
            no_standard_descriptor();
        else
            quiet();
        return 0;
    }
    const char *base = getenv("TMPDIR");
    snprintf(scratch, sizeof scratch, "%s/swrcache-XXXXXX", base != NULL ? base : "/tmp");
    CHECK(mkdtemp(scratch) != NULL);
    signals_stay();
    CHECK(every_thread_blocks());
    CHECK(run(argv, "closed") == 0);
    CHECK(run(argv, "quiet") == 0);
    rmdir(scratch);
    return finish("promise 10");
}
