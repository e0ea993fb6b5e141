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
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

static void host(void)
{
    struct addrinfo *list = NULL;
    const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    if (getaddrinfo("h4.slow", NULL, &hints, &list) == 0)
        freeaddrinfo(list);
}

static void host_by_name(void)
{
    gethostbyname("h4.slow");
}

static void host_by_address(void)
{
    struct in_addr address;
    inet_aton(asked_host, &address);
    gethostbyaddr(&address, sizeof address, AF_INET);
}

static void host_name(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(80)};
    char text[NI_MAXHOST];
    inet_aton(asked_host, &address.sin_addr);
    getnameinfo((struct sockaddr *)&address, sizeof address, text, sizeof text, NULL, 0, 0);
}

static void user(void)
{
    getpwuid(20001);
}

static void user_by_name(void)
{
    getpwnam("slow20001");
}

static void group(void)
{
    getgrgid(20001);
}

static void group_by_name(void)
{
    getgrnam("group20001");
}

static void service(void)
{
    getservbyname("http", "tcp");
}

static const struct question {
    const char *name;
    void (*ask)(void);
    char kind; /* Host, User, Group, Service */
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

static void all_hits(void)
{
    for (int i = 0; i < QUESTIONS; i++) {
        questions[i].ask();
        if (outcome() != SWR_HIT)
            questions[i].ask();
    }
    CHECK(api->drain(10000));
}

/* The files are looked at ten times a second, by the machine's time. */
static bool becomes(const struct question *q, enum swrcache_outcome wanted)
{
    const struct timespec step = {0, 5000000};
    for (int i = 0; i < 2000; i++) {
        q->ask();
        if (outcome() == wanted)
            return true;
        nanosleep(&step, NULL);
    }
    return false;
}

static void look_passes(void)
{
    nanosleep(&(struct timespec){0, 130000000}, NULL);
    all_hits();
    all_hits();
}

static void change(const struct watched *file, const struct way *way)
{
    look_passes();
    if (!way->change(file->path))
        return;
    /* The one look that sees it is for all answers at once. */
    const struct question *first = NULL;
    for (int i = 0; i < QUESTIONS; i++) {
        const struct question *q = &questions[i];
        if (strchr(file->kinds, q->kind) == NULL)
            continue;
        bool seen = first == NULL ? becomes(q, file->then) : (q->ask(), outcome() == file->then);
        first = q;
        if (!seen) {
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

/* What is said is what stands in the new file. */
static bool address_is(const char *text)
{
    const struct timespec step = {0, 5000000};
    for (int i = 0; i < 2000; i++) {
        char found[INET_ADDRSTRLEN] = "";
        const struct hostent *h = gethostbyname("moving.test");
        if (h != NULL)
            inet_ntop(AF_INET, h->h_addr_list[0], found, sizeof found);
        if (strcmp(found, text) == 0)
            return true;
        nanosleep(&step, NULL);
    }
    return false;
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
    if (failures == 0)
        puts("watching: as promised");
    return failures != 0;
}
