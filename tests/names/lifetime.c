/*
 * lifetime.c - how long the preset's answers live and what becomes of them when files change, a backend dies,
 * or the program is one that must not be touched. Run inside.sh with the preset preloaded and time by hand.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <malloc.h>
#include <netdb.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "names.h"

static const char *files, *logged, *dead;
/* Questions that reached the backend since the last time this was asked. */
static int asked(void)
{
    static long seen;
    FILE *log = fopen(logged, "r");
    long lines = 0;
    for (int c; log != NULL && (c = getc(log)) != EOF;)
        lines += c == '\n';
    if (log != NULL)
        fclose(log);
    long fresh = lines - seen;
    seen = lines;
    return (int)fresh;
}

static void later(unsigned seconds)
{
    api->advance(UINT64_C(1000) * seconds);
}

static void settle(void)
{
    CHECK(api->drain(10000));
}

static void backend_dies(bool dies)
{
    if (!dies)
        unlink(dead);
    else
        close(open(dead, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

static void add_line(const char *name, const char *line)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", files, name);
    FILE *file = fopen(path, "a");
    CHECK(file != NULL && fprintf(file, "%s\n", line) > 0 && fclose(file) == 0);
}

static int resolve(const char *node)
{
    const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    int status = getaddrinfo(node, NULL, &hints, &list);
    if (status == 0)
        freeaddrinfo(list);
    return status;
}

static bool soon(bool (*condition)(void))
{
    const struct timespec step = {0, 10000000};
    for (int i = 0; i < 1000; i++) {
        if (condition())
            return true;
        nanosleep(&step, NULL);
    }
    return false;
}

static void fresh_then_stale(void)
{
    asked();
    for (int i = 0; i < 10; i++)
        CHECK(resolve("h1.slow") == 0);
    CHECK(asked() == 1);
    later(6); /* stale: at once, and one refresh */
    for (int i = 0; i < 10; i++)
        CHECK(resolve("h1.slow") == 0);
    settle();
    CHECK(asked() == 1);
    later(61); /* a caller waits for the new one */
    CHECK(resolve("h1.slow") == 0);
    CHECK(asked() == 1);
}

static void dead_backend(void)
{
    CHECK(resolve("h2.slow") == 0);
    CHECK(getpwnam("slow20002") != NULL);
    CHECK(gethostbyname("h2.slow") != NULL);
    backend_dies(true);
    CHECK(resolve("h3.slow") == EAI_AGAIN); /* nothing to fall back on */
    for (int hour = 0; hour < 6; hour++) {
        CHECK(resolve("h2.slow") == 0);
        CHECK(getpwnam("slow20002") != NULL);
        CHECK(gethostbyname("h2.slow") != NULL);
        settle();
        later(59 * 60);
    }
    later(3600);
    CHECK(resolve("h2.slow") == EAI_AGAIN);
    CHECK(getpwnam("slow20002") == NULL);
    CHECK(gethostbyname("h2.slow") == NULL && h_errno == TRY_AGAIN);
    backend_dies(false);
    CHECK(resolve("h2.slow") == 0 && resolve("h3.slow") == 0);
    /* And back before the old value is too old: seen by whoever asks after the longest pause between trials.
     */
    backend_dies(true);
    later(70);
    CHECK(resolve("h2.slow") == 0);
    settle();
    backend_dies(false);
    later(11);
    asked();
    CHECK(resolve("h2.slow") == 0);
    CHECK(asked() == 1);
    CHECK(resolve("h2.slow") == 0);
    CHECK(asked() == 0);
}

/* A good answer is not replaced by a momentary failure, and such a failure is not remembered. */
static void failures_not_kept(void)
{
    asked();
    CHECK(resolve("again.slow") == EAI_AGAIN && resolve("again.slow") == EAI_AGAIN);
    CHECK(resolve("fail.slow") != 0 && resolve("fail.slow") != 0);
    CHECK(asked() == 4);
    for (int i = 0; i < 100; i++)
        resolve("again.slow");
    size_t before = mallinfo2().uordblks;
    for (int i = 0; i < 3000; i++)
        resolve("again.slow");
    size_t after = mallinfo2().uordblks;
    CHECK(after < before + 100000);
    asked();
}

static bool hits(void)
{
    struct swrcache_info info[3];
    resolve("h40.slow");
    api->last(&info[0]);
    getpwuid(20040);
    api->last(&info[1]);
    getgrgid(20040);
    api->last(&info[2]);
    settle();
    return info[0].outcome == SWR_HIT && info[1].outcome == SWR_HIT && info[2].outcome == SWR_HIT;
}

/* What has just been written is asked for anew until another change of it could be told from this one. */
static void written_long_ago(void)
{
    CHECK(soon(hits) && hits());
}

static void negative_briefly(void)
{
    CHECK(resolve("nosuch.slow") == EAI_NONAME && getpwnam("newcomer") == NULL && getgrgid(4321) == NULL);
    asked();
    CHECK(resolve("nosuch.slow") == EAI_NONAME && getpwnam("newcomer") == NULL && getgrgid(4321) == NULL);
    CHECK(asked() == 0);
    later(6);
    CHECK(resolve("nosuch.slow") == EAI_NONAME && getpwnam("newcomer") == NULL && getgrgid(4321) == NULL);
    CHECK(asked() == 3);
    /* Who has just added a name finds it. */
    add_line("hosts", "192.0.2.99 nosuch.slow");
    CHECK(resolve("nosuch.slow") == 0);
    add_line("passwd", "newcomer:x:4321:4321::/:/bin/false");
    CHECK(getpwnam("newcomer") != NULL);
    add_line("group", "newcomers:x:4321:newcomer");
    CHECK(getgrgid(4321) != NULL);
    written_long_ago();
}

static bool renamed(void)
{
    const struct passwd *user = getpwuid(20004);
    return user != NULL && strcmp(user->pw_name, "renamed") == 0;
}

static bool asked_again(void)
{
    CHECK(resolve("h5.slow") == 0);
    settle();
    return asked() == 1;
}

static void files_change(void)
{
    CHECK(getpwuid(20004) != NULL && !renamed());
    add_line("passwd", "renamed:x:20004:4::/:/bin/false");
    CHECK(renamed());
    /* The resolver's settings: the old answer once more, and a new one after it. */
    CHECK(resolve("h5.slow") == 0);
    backend_dies(true);
    asked();
    add_line("resolv.conf", "# another network");
    CHECK(asked_again());
    CHECK(resolve("h5.slow") == 0);
    backend_dies(false);
    settle();
    written_long_ago();
}

static void distinct_keys(void)
{
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *list;
    asked();
    int different = 0;
    for (int again = 0; again < 2; again++) {
        for (int flags = 0; flags < 2; flags++)
            for (int type = SOCK_STREAM; type <= SOCK_DGRAM; type++)
                for (int service = 0; service < 3; service++) {
                    static const char *const services[] = {NULL, "80", "53"};
                    hints.ai_flags = flags ? AI_CANONNAME : 0;
                    hints.ai_socktype = type;
                    if (getaddrinfo("h7.slow", services[service], &hints, &list) == 0) {
                        bool named = list->ai_canonname != NULL;
                        CHECK(named == (flags != 0) && list->ai_socktype == type);
                        freeaddrinfo(list);
                        different++;
                    }
                }
    }
    CHECK(different == 24 && asked() == 12);
}

static void memory_of_its_own(void)
{
    struct passwd *by_uid = getpwuid(0), *by_name = getpwnam("daemon");
    CHECK(by_uid != NULL && by_name != NULL && by_uid != by_name);
    CHECK(strcmp(by_uid->pw_name, "root") == 0 && strcmp(by_name->pw_name, "daemon") == 0);
    CHECK(getpwuid(20005) == by_uid && strcmp(by_uid->pw_name, "slow20005") == 0);
    struct group *crowd = getgrnam("crowd");
    CHECK(crowd != NULL && strcmp(crowd->gr_mem[399], "member-399-of-30000") == 0);
}

/* What a program writes into an answer, in texts and in lists, reaches no other answer. */
static void written_into(void)
{
    for (int i = 0; i < 3; i++) {
        struct passwd *user = getpwnam("daemon");
        struct group *crowd = getgrnam("crowd");
        struct hostent *host = gethostbyname("h1.slow");
        struct servent *http = getservbyname("www", "tcp");
        struct addrinfo *list = NULL;
        const struct addrinfo hints = {.ai_family = AF_INET, .ai_flags = AI_CANONNAME};
        CHECK(user != NULL && strcmp(user->pw_name, "daemon") == 0 && user->pw_uid == 1);
        CHECK(crowd != NULL && strcmp(crowd->gr_mem[0], "member-0-of-30000") == 0);
        CHECK(host != NULL && strcmp(host->h_name, "h1.slow") == 0 && host->h_addr_list[0] != NULL &&
              host->h_length == 4);
        CHECK(http != NULL && strcmp(http->s_name, "http") == 0 && strcmp(http->s_aliases[0], "www") == 0);
        CHECK(getaddrinfo("h1.slow", NULL, &hints, &list) == 0 && list != NULL && list->ai_addr != NULL &&
              strcmp(list->ai_canonname, "h1.slow") == 0);
        if (failures != 0)
            return;
        memset(user->pw_name, 'w', strlen(user->pw_name));
        memset(user->pw_dir, 'w', strlen(user->pw_dir));
        user->pw_uid = 0;
        memset(crowd->gr_mem[0], 'w', 5);
        crowd->gr_mem[1] = crowd->gr_mem[2] = NULL;
        memset(host->h_name, 'w', strlen(host->h_name));
        memset(host->h_addr_list[0], 'w', 4);
        host->h_addr_list[0] = NULL;
        memset(http->s_aliases[0], 'w', 3);
        http->s_aliases[0] = NULL;
        memset(list->ai_canonname, 'w', strlen(list->ai_canonname));
        memset(list->ai_addr, 'w', list->ai_addrlen);
        freeaddrinfo(list);
    }
}

static void *resolve_one(void *name)
{
    return resolve(name) == 0 ? name : NULL;
}

static void one_flight(void)
{
    pthread_t threads[16];
    char name[] = "h9.slow";
    asked();
    setenv("SWRSLOW_MS", "100", 1);
    for (int i = 0; i < 16; i++)
        CHECK(pthread_create(&threads[i], NULL, resolve_one, name) == 0);
    for (int i = 0; i < 16; i++) {
        void *good = NULL;
        CHECK(pthread_join(threads[i], &good) == 0 && good == name);
    }
    setenv("SWRSLOW_MS", "0", 1);
    CHECK(asked() == 1);
}

static void children(void)
{
    CHECK(resolve("h10.slow") == 0 && getpwuid(20010) != NULL);
    asked();
    for (int kind = 0; kind < 2; kind++) {
        pid_t child = kind == 0 ? fork() : _Fork();
        if (child == 0)
            _exit(resolve("h10.slow") != 0 || getpwuid(20010) == NULL || resolve("h11.slow") != 0);
        int status = -1;
        CHECK(waitpid(child, &status, 0) == child && status == 0);
        /* A child that fork's handlers did not see calls the functions plainly. */
        CHECK(asked() == (kind == 0 ? 1 : 3));
    }
}

/* Run as another program: twice the same question. Its exit status says how often the backend was asked. */
static int as_another(char *name, const char *pam)
{
    int before = process_count("/proc/self/task");
    /* As daemons do that show a title: where their names were stands something else. */
    char *path = (char *)(uintptr_t)getauxval(AT_EXECFN);
    memset(name, 'x', strlen(name));
    if (path != NULL)
        memset(path, 'x', strlen(path));
    if (*pam != 0 && dlopen(pam, RTLD_NOW) == NULL)
        return 100;
    asked();
    resolve("h12.slow");
    resolve("h12.slow");
    return before == 1 && process_count("/proc/self/task") == 1 ? asked() : 101;
}

static int ran_as(const char *name, const char *pam)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", files, name);
    CHECK(symlink("/proc/self/exe", path) == 0 || errno == EEXIST);
    pid_t child = fork();
    if (child == 0) {
        /* By the name it is given, or by the name of its file. */
        bool by_name = strcmp(name, "sudo") != 0;
        char other[] = "other", *arguments[] = {by_name ? path : other, (char *)(uintptr_t)pam, NULL};
        execv(by_name ? "/proc/self/exe" : path, arguments);
        _exit(102);
    }
    int status = -1;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void programs_left_alone(const char *pam)
{
    static const char *const all[] = {
#define PROGRAM(name) name,
#include "../../lib/names/programs.def"
#undef PROGRAM
    };
    /* Those that may not be missing. */
    static const char *const must[] = {"useradd", "usermod", "userdel", "groupadd", "passwd", "chpasswd",
                                       "login",   "su",      "sudo",    "sshd",     "cron",   "runuser"};
    CHECK(ran_as("anything", "") == 1);
    CHECK(ran_as("suit", "") == 1 && ran_as("passwd-keeper", "") == 1); /* no more than the names */
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (ran_as(all[i], "") != 2) {
            fprintf(stderr, "%s is not left alone\n", all[i]);
            CHECK(!"left alone");
        }
    for (size_t m = 0; m < sizeof must / sizeof *must; m++) {
        bool found = false;
        for (size_t i = 0; i < sizeof all / sizeof *all; i++)
            found |= strcmp(must[m], all[i]) == 0;
        CHECK(found);
    }
    CHECK(ran_as("anything", pam) == 2);
}

/* argv[1]: a library by the name of PAM's; or, called again, as_another()'s argument. */
int main(int argc, char **argv)
{
    static char log_path[300], dead_path[300];
    find_runtime();
    files = getenv("SWR_TEST_FILES");
    if (api == NULL || files == NULL || argc < 2)
        return 99;
    snprintf(log_path, sizeof log_path, "%s/log", files);
    snprintf(dead_path, sizeof dead_path, "%s/dead", files);
    logged = log_path;
    dead = dead_path;
    setenv("SWRSLOW_LOG", logged, 1);
    setenv("SWRSLOW_DEAD", dead, 1);
    if (getenv("SWR_TEST_AGAIN") != NULL)
        return as_another(argv[0], argv[1]);
    setenv("SWR_TEST_AGAIN", "yes", 1);
    setenv("SWR_CONTROL", "1", 1); /* which may start no thread so early */
    alarm(300);
    written_long_ago();
    fresh_then_stale();
    dead_backend();
    failures_not_kept();
    negative_briefly();
    files_change();
    distinct_keys();
    memory_of_its_own();
    written_into();
    one_flight();
    children();
    programs_left_alone(argv[1]);
    if (failures == 0)
        puts("lifetime: as promised");
    return failures != 0;
}
