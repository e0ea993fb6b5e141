/*
 * watching.c - the files that answers come from, each changed in every way in which files change: written to,
 * replaced by rename, removed, made again, given another time. Run inside.sh, with an /etc of its own, the
 * preset preloaded and time by hand: no answer ages.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "names.h"

static enum swrcache_outcome outcome(void)
{
    struct swrcache_info info;
    api->last(&info);
    return info.outcome;
}

/* ---- one question to each kind ---- */

static const char asked_host[] = "10.9.8.4";

static bool host(void)
{
    struct addrinfo *list = NULL;
    const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    bool found = getaddrinfo("h4.slow", NULL, &hints, &list) == 0;
    if (found)
        freeaddrinfo(list);
    return found;
}

static bool host_by_name(void)
{
    return gethostbyname("h4.slow") != NULL;
}

static bool host_by_address(void)
{
    struct in_addr address;
    inet_aton(asked_host, &address);
    return gethostbyaddr(&address, sizeof address, AF_INET) != NULL;
}

static bool host_name(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(80)};
    char text[NI_MAXHOST];
    inet_aton(asked_host, &address.sin_addr);
    return getnameinfo((struct sockaddr *)&address, sizeof address, text, sizeof text, NULL, 0, 0) == 0;
}

static bool user(void)
{
    return getpwuid(20001) != NULL;
}

static bool user_by_name(void)
{
    return getpwnam("slow20001") != NULL;
}

static bool group(void)
{
    return getgrgid(20001) != NULL;
}

static bool group_by_name(void)
{
    return getgrnam("group20001") != NULL;
}

static bool service(void)
{
    return getservbyname("http", "tcp") != NULL;
}

static const struct question {
    const char *name;
    bool (*ask)(void); /* whether it is found */
    char kind;         /* Host, User, Group, Service */
} questions[] = {
    {"getaddrinfo", host, 'h'},
    {"gethostbyname", host_by_name, 'h'},
    {"gethostbyaddr", host_by_address, 'h'},
    {"getnameinfo", host_name, 'h'},
    {"getpwuid", user, 'u'},
    {"getpwnam", user_by_name, 'u'},
    {"getgrgid", group, 'g'},
    {"getgrnam", group_by_name, 'g'},
    {"getservbyname", service, 's'},
};
enum { QUESTIONS = sizeof questions / sizeof *questions };

static const struct watched {
    const char *path, *kinds;
    enum swrcache_outcome then; /* forgotten, or given once more while it is asked for */
} files[] = {
    {"/etc/hosts", "h", SWR_MISS},
    {"/etc/resolv.conf", "h", SWR_STALE_HIT},
    {"/etc/nsswitch.conf", "hugs", SWR_MISS},
    {"/etc/passwd", "u", SWR_MISS},
    {"/etc/group", "g", SWR_MISS},
    {"/etc/host.conf", "h", SWR_MISS},
    {"/etc/gai.conf", "h", SWR_MISS},
    {"/etc/services", "hs", SWR_MISS},
};
enum { FILES = sizeof files / sizeof *files };

/* ---- the ways of change: false where it cannot be done now ---- */

static bool there(const char *path)
{
    return access(path, F_OK) == 0;
}

static bool written(const char *path)
{
    FILE *file = there(path) ? fopen(path, "a") : NULL;
    return file != NULL && fputs("# more\n", file) >= 0 && fclose(file) == 0;
}

static bool replaced(const char *path)
{
    char command[400];
    snprintf(command, sizeof command, "cp -p %s %s.new && mv %s.new %s", path, path, path, path);
    return there(path) && system(command) == 0; /* of the same size and time */
}

static bool removed(const char *path)
{
    char kept[300];
    snprintf(kept, sizeof kept, "%s.kept", path);
    return there(path) && rename(path, kept) == 0;
}

static bool made_again(const char *path)
{
    char kept[300];
    snprintf(kept, sizeof kept, "%s.kept", path);
    if (there(path))
        return false;
    if (rename(kept, path) == 0)
        return true;
    FILE *file = fopen(path, "w"); /* was not there at all */
    return file != NULL && fputs("# nothing\n", file) >= 0 && fclose(file) == 0;
}

static bool another_time(const char *path)
{
    const struct timespec times[2] = {{1, 0}, {1, 0}};
    return there(path) && utimensat(AT_FDCWD, path, times, 0) == 0;
}

static const struct way {
    const char *name;
    bool (*change)(const char *path);
} ways[] = {
    {"made at first", made_again}, {"written to", written},    {"replaced", replaced},
    {"removed", removed},          {"made again", made_again}, {"another time", another_time},
};

/* ---- */

static bool found_are_hits(void)
{
    bool all = true;
    for (int i = 0; i < QUESTIONS; i++)
        all &= !questions[i].ask() || outcome() == SWR_HIT; /* while a file is away not all are found */
    return all;
}

/* What has just been written is asked for anew until another change of it could be told from this one. */
static void settle(void)
{
    const struct timespec step = {0, 5000000};
    bool settled = false;
    for (int i = 0; i < 2000 && !settled; i++) {
        settled = found_are_hits();
        CHECK(api->drain(10000));
        nanosleep(&step, NULL);
    }
    CHECK(settled && found_are_hits());
}

static void change(const struct watched *file, const struct way *way)
{
    settle();
    if (!way->change(file->path))
        return;
    for (int i = 0; i < QUESTIONS; i++) {
        const struct question *q = &questions[i];
        if (strchr(file->kinds, q->kind) == NULL)
            continue;
        q->ask(); /* the very next look-up */
        if (outcome() != file->then) {
            fprintf(stderr, "%s %s: %s\n", file->path, way->name, q->name);
            CHECK(!"seen");
        }
    }
    for (int i = 0; i < QUESTIONS; i++)
        if (strchr(file->kinds, questions[i].kind) == NULL) {
            questions[i].ask();
            CHECK(outcome() == SWR_HIT); /* and for no others */
        }
    CHECK(api->drain(10000));
}

/* What is said is what stands in the new file, at once. */
static bool address_is(const char *text)
{
    char found[INET_ADDRSTRLEN] = "";
    const struct hostent *h = gethostbyname("moving.test");
    if (h != NULL)
        inet_ntop(AF_INET, h->h_addr_list[0], found, sizeof found);
    return strcmp(found, text) == 0;
}

static void content(void)
{
    CHECK(system("echo 192.0.2.11 moving.test >>/etc/hosts") == 0 && address_is("192.0.2.11"));
    CHECK(system("sed s/192.0.2.11/192.0.2.12/ /etc/hosts >/etc/hosts.new && mv /etc/hosts.new /etc/hosts") ==
          0);
    CHECK(address_is("192.0.2.12"));
    CHECK(system("mv /etc/hosts /etc/hosts.kept") == 0 && address_is(""));
    CHECK(system("sed s/192.0.2.12/192.0.2.13/ /etc/hosts.kept >/etc/hosts") == 0 &&
          address_is("192.0.2.13"));
}

/* Written in place, of the same size, as often as goes into one tick of the file system's clock. */
static void within_one_tick(void)
{
    char line[] = "192.0.2.10 ticking.test\n";
    int file = open("/etc/hosts", O_WRONLY | O_APPEND | O_CLOEXEC);
    off_t at = file >= 0 ? lseek(file, 0, SEEK_END) : -1;
    int wrong = at < 0;
    for (int i = 0; i < 300; i++) {
        char digit = (char)('0' + i % 10), found[INET_ADDRSTRLEN] = "";
        line[9] = digit;
        int place = open("/etc/hosts", O_WRONLY | O_CLOEXEC);
        wrong += pwrite(place, line, sizeof line - 1, at) != (ssize_t)sizeof line - 1;
        close(place);
        const struct hostent *h = gethostbyname("ticking.test");
        if (h != NULL)
            inet_ntop(AF_INET, h->h_addr_list[0], found, sizeof found);
        wrong += found[0] == 0 || found[strlen(found) - 1] != digit;
    }
    close(file);
    CHECK(wrong == 0);
}

static int status_of(pid_t child)
{
    int status = -1;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

static bool name_is(const char *name)
{
    const struct passwd *found = getpwuid(4711);
    return found != NULL && strcmp(found->pw_name, name) == 0;
}

/* The same file by another name of it: nothing differs but the root directory. */
static void another_root(void)
{
    CHECK(system("echo outside:x:4711:1::/:/bin/false >>/etc/passwd && d=$SWR_TEST_FILES/inside/etc &&"
                 " mkdir -p $d && cp -a /etc/nsswitch.conf $d/ && "
                 "echo inside:x:4711:1::/:/bin/false >$d/passwd") == 0);
    settle();
    pid_t child = fork();
    if (child == 0) {
        char root[300];
        snprintf(root, sizeof root, "%s/inside", getenv("SWR_TEST_FILES"));
        bool outside = name_is("outside") && name_is("outside");
        bool changed = chroot(root) == 0 && chdir("/") == 0;
        _exit(outside && changed && name_is("inside") ? 0 : 1);
    }
    CHECK(status_of(child) == 0);
}

/* An address is another network's: names are asked for anew at once, users are not. */
static void another_network(void)
{
    settle();
    pid_t child = fork();
    if (child == 0) {
        user();
        host();
        bool hit = (user(), outcome() == SWR_HIT) && (host(), outcome() == SWR_HIT);
        int before = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
        bool moved = unshare(CLONE_NEWNET) == 0;
        host();
        bool seen = outcome() == SWR_MISS;
        user();
        bool kept = outcome() == SWR_HIT;
        host();
        bool back = setns(before, CLONE_NEWNET) == 0;
        host();
        _exit(hit && moved && seen && kept && back && outcome() == SWR_MISS ? 0 : 1);
    }
    CHECK(status_of(child) == 0);
}

int main(void)
{
    find_runtime();
    if (api == NULL || getenv("SWR_TEST_FILES") == NULL)
        return 99;
    alarm(500);
    for (int f = 0; f < FILES; f++)
        for (size_t w = 0; w < sizeof ways / sizeof *ways; w++)
            change(&files[f], &ways[w]);
    content();
    within_one_tick();
    another_root();
    another_network();
    if (failures == 0)
        puts("watching: as promised");
    return failures != 0;
}
