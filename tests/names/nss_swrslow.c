/*
 * nss_swrslow.c - a module of the name service that takes its time, built for the tests as
 * libnss_swrslow.so.2 and asked by an nsswitch.conf of their own.
 *
 *   SWRSLOW_MS    how long each question takes
 *   SWRSLOW_LOG   file that gets a line a question
 *   SWRSLOW_DEAD  while this file exists, every question fails for the moment
 *   SWRSLOW_TURN  while this file exists, addresses come the other way round
 *   SWRSLOW_MOVE  while this file exists, users have another home, groups one member more, hosts other
 * addresses
 *
 * It knows users slow20000 to slow20029, groups of the same numbers, group "crowd" with 400 members, and
 * hosts of the form hN.slow with the addresses 10.9.8.N, 10.9.9.N and fd00::N and the alias aN.slow.
 * again.slow and fail.slow have errors of their own; many.slow has 40 addresses.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <nss.h>
#include <pwd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LOOKUP __attribute__((visibility("default"))) enum nss_status

enum { FIRST = 20000, USERS = 30, CROWD = 30000, CROWD_MEMBERS = 400, MANY = 40 };

static bool while_there(const char *variable)
{
    const char *file = getenv(variable);
    return file != NULL && access(file, F_OK) == 0;
}

/* True: the module is dead just now. */
static bool slow(const char *what, const char *key)
{
    const char *ms = getenv("SWRSLOW_MS"), *log = getenv("SWRSLOW_LOG");
    long span = ms != NULL ? atol(ms) : 0;
    struct timespec left = {span / 1000, span % 1000 * 1000000};
    int fd = log != NULL ? open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666) : -1;
    if (fd >= 0) {
        char line[600];
        int n = snprintf(line, sizeof line, "%s %.500s\n", what, key);
        if (n > 0 && write(fd, line, (size_t)n) < 0)
            close(fd);
        else
            close(fd);
    }
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
    return while_there("SWRSLOW_DEAD");
}

/* Takes pieces from the caller's buffer. */
struct room {
    char *at, *end;
};

static void *take(struct room *room, size_t size, size_t alignment)
{
    size_t skip = -(uintptr_t)room->at % alignment;
    if ((size_t)(room->end - room->at) < skip + size)
        return NULL;
    void *piece = room->at + skip;
    room->at += skip + size;
    return piece;
}

static char *text(struct room *room, const char *words)
{
    char *copy = take(room, strlen(words) + 1, 1);
    return copy != NULL ? strcpy(copy, words) : NULL;
}

static enum nss_status too_small(int *error)
{
    *error = ERANGE;
    return NSS_STATUS_TRYAGAIN;
}

static enum nss_status dead_now(int *error)
{
    *error = EAGAIN;
    return NSS_STATUS_TRYAGAIN;
}

static long number_of(const char *name, const char *prefix)
{
    size_t n = strlen(prefix);
    char *end;
    if (strncmp(name, prefix, n) != 0 || name[n] < '0' || name[n] > '9')
        return -1;
    long number = strtol(name + n, &end, 10);
    return *end == 0 || *end == '.' ? number : -1;
}

/* ---- users ---- */

static enum nss_status user(long number, struct passwd *user, char *buffer, size_t size, int *error)
{
    struct room room = {buffer, buffer + size};
    char name[40];
    if (number < FIRST || number >= FIRST + USERS) {
        *error = ENOENT;
        return NSS_STATUS_NOTFOUND;
    }
    snprintf(name, sizeof name, "slow%ld", number);
    *user = (struct passwd){.pw_name = text(&room, name),
                            .pw_passwd = text(&room, "x"),
                            .pw_uid = (uid_t)number,
                            .pw_gid = (gid_t)number,
                            .pw_gecos = text(&room, "A slow user"),
                            .pw_dir = text(&room, while_there("SWRSLOW_MOVE") ? "/moved" : "/nonexistent"),
                            .pw_shell = text(&room, "/bin/false")};
    return user->pw_shell != NULL && user->pw_dir != NULL && user->pw_gecos != NULL ? NSS_STATUS_SUCCESS
                                                                                    : too_small(error);
}

LOOKUP _nss_swrslow_getpwnam_r(const char *name, struct passwd *result, char *buffer, size_t size,
                               int *error);
LOOKUP _nss_swrslow_getpwnam_r(const char *name, struct passwd *result, char *buffer, size_t size, int *error)
{
    return slow("user", name) ? dead_now(error) : user(number_of(name, "slow"), result, buffer, size, error);
}

LOOKUP _nss_swrslow_getpwuid_r(uid_t uid, struct passwd *result, char *buffer, size_t size, int *error);
LOOKUP _nss_swrslow_getpwuid_r(uid_t uid, struct passwd *result, char *buffer, size_t size, int *error)
{
    char key[20];
    snprintf(key, sizeof key, "%u", uid);
    return slow("uid", key) ? dead_now(error) : user(uid, result, buffer, size, error);
}

/* ---- groups ---- */

static enum nss_status group(long number, struct group *group, char *buffer, size_t size, int *error)
{
    struct room room = {buffer, buffer + size};
    char name[40];
    long members = number == CROWD ? CROWD_MEMBERS : number % 4 + while_there("SWRSLOW_MOVE");
    if (number != CROWD && (number < FIRST || number >= FIRST + USERS)) {
        *error = ENOENT;
        return NSS_STATUS_NOTFOUND;
    }
    snprintf(name, sizeof name, number == CROWD ? "crowd" : "group%ld", number);
    *group =
        (struct group){.gr_name = text(&room, name), .gr_passwd = text(&room, "x"), .gr_gid = (gid_t)number};
    group->gr_mem = take(&room, ((size_t)members + 1) * sizeof(char *), sizeof(char *));
    if (group->gr_mem == NULL || group->gr_name == NULL)
        return too_small(error);
    for (long i = 0; i < members; i++) {
        snprintf(name, sizeof name, "member-%ld-of-%ld", i, number);
        group->gr_mem[i] = text(&room, name);
        if (group->gr_mem[i] == NULL)
            return too_small(error);
    }
    group->gr_mem[members] = NULL;
    return NSS_STATUS_SUCCESS;
}

LOOKUP _nss_swrslow_getgrnam_r(const char *name, struct group *result, char *buffer, size_t size, int *error);
LOOKUP _nss_swrslow_getgrnam_r(const char *name, struct group *result, char *buffer, size_t size, int *error)
{
    long number = strcmp(name, "crowd") == 0 ? CROWD : number_of(name, "group");
    return slow("group", name) ? dead_now(error) : group(number, result, buffer, size, error);
}

LOOKUP _nss_swrslow_getgrgid_r(gid_t gid, struct group *result, char *buffer, size_t size, int *error);
LOOKUP _nss_swrslow_getgrgid_r(gid_t gid, struct group *result, char *buffer, size_t size, int *error)
{
    char key[20];
    snprintf(key, sizeof key, "%u", gid);
    return slow("gid", key) ? dead_now(error) : group(gid, result, buffer, size, error);
}

/* ---- hosts ---- */

static void host_address(int family, long number, long i, unsigned char *address)
{
    memset(address, 0, 16);
    if (family == AF_INET) {
        address[0] = 10;
        address[1] = 9;
        address[2] = (unsigned char)(8 + i);
        address[3] = (unsigned char)number;
    } else {
        address[0] = 0xfd;
        address[14] = (unsigned char)i;
        address[15] = (unsigned char)number;
    }
}

static enum nss_status host(const char *name, long number, int family, struct hostent *host, char *buffer,
                            size_t size, int *error, int *herror)
{
    struct room room = {buffer, buffer + size};
    char words[40];
    long count = strcmp(name, "many.slow") == 0 ? MANY : family == AF_INET ? 2 : 1;
    int length = family == AF_INET ? 4 : 16;
    bool turned = while_there("SWRSLOW_TURN"), moved = while_there("SWRSLOW_MOVE");
    *host = (struct hostent){.h_addrtype = family, .h_length = length};
    host->h_aliases = take(&room, 2 * sizeof(char *), sizeof(char *));
    host->h_addr_list = take(&room, ((size_t)count + 1) * sizeof(char *), sizeof(char *));
    unsigned char *addresses = take(&room, (size_t)(count * length), sizeof(char *));
    host->h_name = text(&room, name);
    snprintf(words, sizeof words, "a%ld.slow", number);
    char *alias = text(&room, words);
    if (host->h_aliases == NULL || host->h_addr_list == NULL || addresses == NULL || host->h_name == NULL ||
        alias == NULL) {
        *herror = NETDB_INTERNAL;
        return too_small(error);
    }
    host->h_aliases[0] = alias;
    host->h_aliases[1] = NULL;
    for (long i = 0; i < count; i++) {
        unsigned char address[16];
        host_address(family, number, turned ? count - 1 - i : i, address);
        address[length - 2] += moved;
        host->h_addr_list[i] = memcpy(addresses + i * length, address, (size_t)length);
    }
    host->h_addr_list[count] = NULL;
    return NSS_STATUS_SUCCESS;
}

static bool ends_slow(const char *name)
{
    size_t n = strlen(name);
    return n > 5 && strcmp(name + n - 5, ".slow") == 0;
}

LOOKUP _nss_swrslow_gethostbyname2_r(const char *name, int family, struct hostent *result, char *buffer,
                                     size_t size, int *error, int *herror);
LOOKUP _nss_swrslow_gethostbyname2_r(const char *name, int family, struct hostent *result, char *buffer,
                                     size_t size, int *error, int *herror)
{
    long number = number_of(name, "h");
    bool dead = slow(family == AF_INET6 ? "host6" : "host4", name);
    if (dead || strcmp(name, "again.slow") == 0) {
        *herror = TRY_AGAIN;
        return dead_now(error);
    }
    if (strcmp(name, "fail.slow") == 0) {
        *herror = NO_RECOVERY;
        *error = EIO;
        return NSS_STATUS_UNAVAIL;
    }
    if (strcmp(name, "many.slow") == 0)
        number = 1;
    if ((family != AF_INET && family != AF_INET6) || !ends_slow(name) || number < 0 || number > 250) {
        *herror = HOST_NOT_FOUND;
        *error = ENOENT;
        return NSS_STATUS_NOTFOUND;
    }
    return host(name, number, family, result, buffer, size, error, herror);
}

LOOKUP _nss_swrslow_gethostbyname_r(const char *name, struct hostent *result, char *buffer, size_t size,
                                    int *error, int *herror);
LOOKUP _nss_swrslow_gethostbyname_r(const char *name, struct hostent *result, char *buffer, size_t size,
                                    int *error, int *herror)
{
    return _nss_swrslow_gethostbyname2_r(name, AF_INET, result, buffer, size, error, herror);
}

LOOKUP _nss_swrslow_gethostbyaddr_r(const void *address, socklen_t length, int family, struct hostent *result,
                                    char *buffer, size_t size, int *error, int *herror);
LOOKUP _nss_swrslow_gethostbyaddr_r(const void *address, socklen_t length, int family, struct hostent *result,
                                    char *buffer, size_t size, int *error, int *herror)
{
    char key[INET6_ADDRSTRLEN] = "", name[40];
    unsigned char wanted[16];
    const unsigned char *bytes = address;
    if (family == AF_INET || family == AF_INET6)
        inet_ntop(family, address, key, sizeof key);
    if (slow("address", key)) {
        *herror = TRY_AGAIN;
        return dead_now(error);
    }
    long number = length == 4 ? bytes[3] : length == 16 ? bytes[15] : 0;
    host_address(family, number, 0, wanted);
    if (length > 16 || memcmp(wanted, address, length) != 0) {
        *herror = HOST_NOT_FOUND;
        *error = ENOENT;
        return NSS_STATUS_NOTFOUND;
    }
    snprintf(name, sizeof name, "h%ld.slow", number);
    return host(name, number, family, result, buffer, size, error, herror);
}
