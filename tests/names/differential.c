/*
 * differential.c - every function of the preset against libc's own, on the same questions: the first answer,
 * and the same again out of the cache. Run inside.sh, with the preset preloaded.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define LIBC(name)   ((__typeof__(&name))own(#name))

enum { AGAIN = 3, MARK = 4242 };

static void *libc;
static unsigned long questions, failures;

static void *own(const char *name)
{
    void *function = dlsym(libc, name);
    if (function == NULL || function == dlsym(RTLD_DEFAULT, name)) {
        fprintf(stderr, "%s: the preset is not in front of libc\n", name);
        exit(2);
    }
    return function;
}

__attribute__((format(printf, 2, 3))) static bool same(bool good, const char *format, ...)
{
    va_list arguments;
    questions++;
    if (!good && ++failures < 20) {
        fprintf(stderr, "differs: ");
        va_start(arguments, format);
        vfprintf(stderr, format, arguments);
        va_end(arguments);
        fprintf(stderr, "\n");
    }
    return good;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* libc itself makes lists that are not aligned, of addresses written as names. */
static char *item(char **list, size_t i)
{
    char *pointer;
    memcpy(&pointer, (char *)list + i * sizeof pointer, sizeof pointer);
    return pointer;
}

static bool same_list(char **a, char **b, int length)
{
    size_t i = 0;
    if (a == NULL || b == NULL)
        return a == b;
    if ((uintptr_t)a % sizeof(char *) == 0 && (uintptr_t)b % sizeof(char *) != 0)
        return false;
    for (; item(a, i) != NULL && item(b, i) != NULL; i++)
        if (length != 0 ? memcmp(item(a, i), item(b, i), (size_t)length) != 0
                        : strcmp(item(a, i), item(b, i)) != 0)
            return false;
    return item(a, i) == item(b, i);
}

/* ---- records in a caller's buffer ---- */

static bool same_passwd(const void *x, const void *y)
{
    const struct passwd *a = x, *b = y;
    return same_text(a->pw_name, b->pw_name) && same_text(a->pw_passwd, b->pw_passwd) &&
           a->pw_uid == b->pw_uid && a->pw_gid == b->pw_gid && same_text(a->pw_gecos, b->pw_gecos) &&
           same_text(a->pw_dir, b->pw_dir) && same_text(a->pw_shell, b->pw_shell);
}

static bool same_group(const void *x, const void *y)
{
    const struct group *a = x, *b = y;
    return same_text(a->gr_name, b->gr_name) && same_text(a->gr_passwd, b->gr_passwd) &&
           a->gr_gid == b->gr_gid && same_list(a->gr_mem, b->gr_mem, 0);
}

static bool same_host(const void *x, const void *y)
{
    const struct hostent *a = x, *b = y;
    return same_text(a->h_name, b->h_name) && same_list(a->h_aliases, b->h_aliases, 0) &&
           a->h_addrtype == b->h_addrtype && a->h_length == b->h_length &&
           same_list(a->h_addr_list, b->h_addr_list, a->h_length);
}

static bool same_service(const void *x, const void *y)
{
    const struct servent *a = x, *b = y;
    return same_text(a->s_name, b->s_name) && same_list(a->s_aliases, b->s_aliases, 0) &&
           a->s_port == b->s_port && same_text(a->s_proto, b->s_proto);
}

struct question {
    const char *name;   /* or protocol's service */
    const char *second; /* protocol */
    unsigned number;    /* uid, gid */
    int family;
    const void *address;
    socklen_t length;
};

/* A function with a buffer, and its sibling without; `real`: libc's own. */
struct family {
    const char *what;
    int (*with)(bool real, const struct question *q, void *structure, char *buffer, size_t room, void **found,
                int *herror);
    const void *(*without)(bool real, const struct question *q);
    bool (*same)(const void *, const void *);
    bool hosts;
};

#define WITH(name, type, ...)                                                                                \
    static int with_##name(bool real, const struct question *q, void *structure, char *buffer, size_t room,  \
                           void **found, int *herror)                                                        \
    {                                                                                                        \
        (void)herror;                                                                                        \
        return (real ? LIBC(name##_r) : name##_r)(__VA_ARGS__, structure, buffer, room,                      \
                                                  (struct type **)found HERROR);                             \
    }                                                                                                        \
    static const void *without_##name(bool real, const struct question *q)                                   \
    {                                                                                                        \
        return (real ? LIBC(name) : name)(__VA_ARGS__);                                                      \
    }

#define HERROR
WITH(getpwnam, passwd, q->name)
WITH(getpwuid, passwd, q->number)
WITH(getgrnam, group, q->name)
WITH(getgrgid, group, q->number)
WITH(getservbyname, servent, q->name, q->second)
#undef HERROR
#define HERROR , herror
WITH(gethostbyname, hostent, q->name)
WITH(gethostbyname2, hostent, q->name, q->family)
WITH(gethostbyaddr, hostent, q->address, q->length, q->family)

#define FAMILY(name, type, hosts)                                                                            \
    {                                                                                                        \
#name, with_##name, without_##name, same_##type, hosts                                               \
    }

static void ask_with(const struct family *f, const struct question *q, size_t room, size_t skew)
{
    static char theirs[1 << 16], ours[1 << 16];
    char structure[2][64];
    void *found[2] = {&found, &found};
    int herror[2] = {MARK, MARK}, status[2], error[2];
    errno = MARK;
    status[0] = f->with(true, q, structure[0], theirs + skew, room, &found[0], &herror[0]);
    error[0] = errno;
    for (int again = 0; again < AGAIN; again++) {
        const char *what = q->name != NULL ? q->name : "(number or address)";
        memset(ours, 0x5a, sizeof ours);
        errno = herror[1] = MARK;
        status[1] = f->with(false, q, structure[1], ours + skew, room, &found[1], &herror[1]);
        error[1] = errno;
        char *end = ours + skew + room;
        same(*end == 0x5a && (skew == 0 || ours[skew - 1] == 0x5a), "%s_r(%s): writes beside its %zu bytes",
             f->what, what, room);
        if (status[0] == ERANGE && status[1] != ERANGE) {
            /* Ours may need less room than theirs, never more: then it must be what theirs says with enough.
             */
            errno = herror[0] = MARK;
            status[0] = f->with(true, q, structure[0], theirs, sizeof theirs, &found[0], &herror[0]);
            error[0] = errno;
        }
        same(status[0] == status[1], "%s_r(%s, room %zu): %d, not %d", f->what, what, room, status[1],
             status[0]);
        same(error[0] == error[1], "%s_r(%s, room %zu): errno %d, not %d", f->what, what, room, error[1],
             error[0]);
        if (f->hosts)
            same(herror[0] == herror[1], "%s_r(%s, room %zu): h_errno %d, not %d", f->what, what, room,
                 herror[1], herror[0]);
        if (same((found[0] == NULL) == (found[1] == NULL), "%s_r(%s): found", f->what, what) &&
            found[0] != NULL)
            same(found[1] == structure[1] && f->same(found[0], found[1]), "%s_r(%s): the record", f->what,
                 what);
    }
}

static void ask_without(const struct family *f, const struct question *q)
{
    const char *what = q->name != NULL ? q->name : "(number or address)";
    const void *before = NULL;
    errno = h_errno = MARK;
    const void *theirs = f->without(true, q);
    int error = errno, herror = h_errno;
    for (int again = 0; again < AGAIN; again++) {
        errno = h_errno = MARK;
        const void *ours = f->without(false, q);
        same(errno == error, "%s(%s): errno %d, not %d", f->what, what, errno, error);
        if (f->hosts)
            same(h_errno == herror, "%s(%s): h_errno %d, not %d", f->what, what, h_errno, herror);
        if (same((theirs == NULL) == (ours == NULL), "%s(%s): found", f->what, what) && ours != NULL) {
            same(f->same(theirs, ours), "%s(%s): the record", f->what, what);
            same(again == 0 || before == ours, "%s(%s): not the same memory", f->what, what);
        }
        before = ours;
    }
}

static void ask(const struct family *f, const struct question *q)
{
    static const size_t rooms[] = {1,   2,    7,    8,    9,    15,   16,    20,   24,  31,
                                   40,  48,   63,   64,   100,  128,  200,   256,  300, 511,
                                   512, 1000, 1024, 2048, 4096, 8192, 16384, 32768};
    ask_with(f, q, 0, 0);
    for (size_t i = 0; i < COUNT(rooms); i++)
        ask_with(f, q, rooms[i], i % 9);
    ask_without(f, q);
}

static void users_and_groups(void)
{
    static const struct family by_name[] = {FAMILY(getpwnam, passwd, false), FAMILY(getgrnam, group, false)};
    static const struct family by_number[] = {FAMILY(getpwuid, passwd, false),
                                              FAMILY(getgrgid, group, false)};
    static const char *const names[] = {"root",      "daemon",    "nobody",    "bin",         "adm",
                                        "slow20001", "slow20029", "slow20030", "slow",        "group20003",
                                        "crowd",     "",          " ",         "no such one", "slow20001 ",
                                        "0",         "ROOT",      ":",         "x:y"};
    static const unsigned numbers[] = {0,     1,     2,     4,     100,   20000, 20001,      20002,
                                       20003, 20029, 20030, 30000, 65534, 99999, UINT32_MAX, UINT32_MAX - 1};
    for (size_t f = 0; f < 2; f++) {
        for (size_t i = 0; i < COUNT(names); i++)
            ask(&by_name[f], &(struct question){.name = names[i]});
        for (size_t i = 0; i < COUNT(numbers); i++)
            ask(&by_number[f], &(struct question){.number = numbers[i]});
    }
}

static void services(void)
{
    static const struct family f = FAMILY(getservbyname, service, false);
    static const char *const names[] = {"http", "www", "domain", "ssh", "snmp", "nosuch", "", "80"};
    static const char *const protocols[] = {"tcp", "udp", NULL, "", "nosuch"};
    for (size_t i = 0; i < COUNT(names); i++)
        for (size_t p = 0; p < COUNT(protocols); p++)
            ask(&f, &(struct question){.name = names[i], .second = protocols[p]});
}

static char long_name[2000];
static const char *const nodes[] = {"localhost",   "loop",           "ip6-localhost",
                                    "filed.test",  "filed",          "h1.slow",
                                    "h2.slow",     "h250.slow",      "h251.slow",
                                    "many.slow",   "again.slow",     "fail.slow",
                                    "nosuch.slow", "nosuch",         "",
                                    " ",           "127.0.0.1",      "127.1",
                                    "1",           "0x7f000001",     "017700000001",
                                    "256.1.1.1",   "1.2.3.4.5",      "::1",
                                    "::",          "::ffff:1.2.3.4", "fe80::1",
                                    "fe80::1%lo",  "fe80::1%nosuch", "fe80::1%1",
                                    "[::1]",       "a..b",           ".",
                                    "-",           "h1.slow.",       "H1.SLOW",
                                    "h1.slow ",    "\x80\xff",       long_name};

static void hosts(void)
{
    static const struct family by_name = FAMILY(gethostbyname, host, true);
    static const struct family by_family = FAMILY(gethostbyname2, host, true);
    static const struct family by_address = FAMILY(gethostbyaddr, host, true);
    static const int families[] = {AF_INET, AF_INET6}; /* libc ends the program at others */
    static const char *const addresses[] = {"127.0.0.1", "192.0.2.7",       "10.9.8.5",   "10.9.8.0",
                                            "0.0.0.0",   "255.255.255.255", "203.0.113.9"};
    static const char *const six[] = {"::1", "::", "fd00::7", "fd00::1:7", "::ffff:127.0.0.1", "ff02::1"};
    for (size_t i = 0; i < COUNT(nodes); i++) {
        ask(&by_name, &(struct question){.name = nodes[i]});
        for (size_t f = 0; f < COUNT(families); f++)
            ask(&by_family, &(struct question){.name = nodes[i], .family = families[f]});
    }
    unsigned char address[16];
    for (size_t i = 0; i < COUNT(addresses); i++) {
        inet_pton(AF_INET, addresses[i], address);
        ask(&by_address, &(struct question){.address = address, .length = 4, .family = AF_INET});
        ask(&by_address, &(struct question){.address = address, .length = 3, .family = AF_INET});
        ask(&by_address, &(struct question){.address = address, .length = 4, .family = AF_UNIX});
    }
    for (size_t i = 0; i < COUNT(six); i++) {
        inet_pton(AF_INET6, six[i], address);
        ask(&by_address, &(struct question){.address = address, .length = 16, .family = AF_INET6});
        ask(&by_address, &(struct question){.address = address, .length = 16, .family = AF_INET});
    }
}

/* ---- getaddrinfo ---- */

static bool same_nodes(const struct addrinfo *a, const struct addrinfo *b)
{
    for (; a != NULL && b != NULL; a = a->ai_next, b = b->ai_next)
        if (a->ai_flags != b->ai_flags || a->ai_family != b->ai_family || a->ai_socktype != b->ai_socktype ||
            a->ai_protocol != b->ai_protocol || a->ai_addrlen != b->ai_addrlen ||
            memcmp(a->ai_addr, b->ai_addr, a->ai_addrlen) != 0 ||
            !same_text(a->ai_canonname, b->ai_canonname))
            return false;
    return a == b;
}

/* As programs do that keep one node and give back the rest. */
static void free_in_parts(struct addrinfo *list)
{
    struct addrinfo *rest = list->ai_next;
    list->ai_next = NULL;
    if (rest != NULL)
        freeaddrinfo(rest);
    freeaddrinfo(list);
}

static void ask_addresses(const char *node, const char *service, const struct addrinfo *hints)
{
    struct addrinfo *theirs = NULL, *ours;
    int before = LIBC(getaddrinfo)(node, service, hints, &theirs);
    for (int again = 0; again < AGAIN; again++) {
        struct addrinfo *const nobody = (struct addrinfo *)&theirs;
        ours = nobody;
        int status = getaddrinfo(node, service, hints, &ours);
        const char *n = node != NULL ? node : "NULL", *s = service != NULL ? service : "NULL";
        int flags = hints != NULL ? hints->ai_flags : -1, family = hints != NULL ? hints->ai_family : -1;
        if (!same(status == before, "getaddrinfo(%s, %s, %#x, %d): %d, not %d", n, s, (unsigned)flags, family,
                  status, before) ||
            status != 0)
            continue;
        same(same_nodes(theirs, ours), "getaddrinfo(%s, %s, %#x, %d): the list", n, s, (unsigned)flags,
             family);
        if (again == 1)
            free_in_parts(ours);
        else
            freeaddrinfo(ours);
    }
    if (before == 0)
        freeaddrinfo(theirs);
}

static void addresses(void)
{
    static const char *const all_services[] = {NULL, "http", "80", "domain", "nosuch", "", "65536", "-1"};
    static const int flags[] = {0,
                                AI_CANONNAME,
                                AI_NUMERICHOST,
                                AI_PASSIVE,
                                AI_NUMERICSERV,
                                AI_V4MAPPED,
                                AI_V4MAPPED | AI_ALL,
                                AI_ADDRCONFIG | AI_CANONNAME,
                                AI_NUMERICHOST | AI_NUMERICSERV,
                                0x8000,
                                AI_IDN};
    static const int families[] = {AF_UNSPEC, AF_INET, AF_INET6, AF_UNIX, 99};
    static const struct {
        int type, protocol;
    } sockets[] = {{0, 0},        {SOCK_STREAM, 0},  {SOCK_DGRAM, IPPROTO_UDP},
                   {SOCK_RAW, 0}, {SOCK_STREAM, 17}, {77, 0}};
    for (size_t n = 0; n <= COUNT(nodes); n++) {
        const char *node = n < COUNT(nodes) ? nodes[n] : NULL;
        for (size_t s = 0; s < COUNT(all_services); s++) {
            ask_addresses(node, all_services[s], NULL);
            for (size_t k = 0; k < COUNT(sockets); k++)
                ask_addresses(
                    node, all_services[s],
                    &(struct addrinfo){.ai_socktype = sockets[k].type, .ai_protocol = sockets[k].protocol});
            /* Each flag with each family, the sockets taken in turn. */
            for (size_t f = 0; f < COUNT(flags); f++)
                for (size_t a = 0; a < COUNT(families); a++) {
                    size_t k = (n + s + f + a) % COUNT(sockets);
                    if ((n + s) % 2 != 0 && f != 1 && a > 1)
                        continue;
                    ask_addresses(node, all_services[s],
                                  &(struct addrinfo){.ai_flags = flags[f],
                                                     .ai_family = families[a],
                                                     .ai_socktype = sockets[k].type,
                                                     .ai_protocol = sockets[k].protocol,
                                                     .ai_addrlen = 7});
                }
        }
    }
}

/* ---- getnameinfo ---- */

static void ask_names(const void *address, socklen_t length, socklen_t host_room, socklen_t service_room,
                      int flags)
{
    char host[2][NI_MAXHOST], service[2][NI_MAXSERV];
    memset(host, 'h', sizeof host);
    memset(service, 's', sizeof service);
    int before = LIBC(getnameinfo)(address, length, host[0], host_room, service[0], service_room, flags);
    for (int again = 0; again < AGAIN; again++) {
        memset(host[1], 'h', sizeof host[1]);
        memset(service[1], 's', sizeof service[1]);
        int status = getnameinfo(address, length, host[1], host_room, service[1], service_room, flags);
        bool written = memcmp(host[0], host[1], sizeof *host) == 0 &&
                       memcmp(service[0], service[1], sizeof *service) == 0;
        same(status == before, "getnameinfo(%u, %u, %#x): %d, not %d", host_room, service_room,
             (unsigned)flags, status, before);
        same(status != 0 || written, "getnameinfo(%u, %u, %#x): the names", host_room, service_room,
             (unsigned)flags);
    }
}

static void names(void)
{
    static const char *const texts[] = {"127.0.0.1", "192.0.2.7", "10.9.8.5", "10.9.8.6",       "203.0.113.9",
                                        "::1",       "fd00::7",   "fe80::1",  "::ffff:10.9.8.5"};
    static const int flags[] = {0,           NI_NUMERICHOST, NI_NUMERICSERV, NI_NUMERICHOST | NI_NUMERICSERV,
                                NI_NAMEREQD, NI_DGRAM,       NI_NOFQDN,      NI_NAMEREQD | NI_NUMERICHOST,
                                0x8000};
    static const socklen_t rooms[] = {NI_MAXHOST, 0, 1, 4, 9, 10, 16};
    for (size_t i = 0; i < COUNT(texts); i++)
        for (size_t f = 0; f < COUNT(flags); f++)
            for (size_t r = 0; r < COUNT(rooms); r++) {
                struct sockaddr_storage address;
                struct sockaddr_in *v4 = (struct sockaddr_in *)&address;
                struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address;
                memset(&address, r & 1 ? 0x77 : 0, sizeof address);
                bool four = inet_pton(AF_INET, texts[i], &v4->sin_addr) == 1;
                if (!four) {
                    inet_pton(AF_INET6, texts[i], &v6->sin6_addr);
                    v6->sin6_scope_id = i == 7 ? 1 : 0;
                }
                address.ss_family = four ? AF_INET : AF_INET6;
                v4->sin_port = htons(f % 2 ? 80 : 53);
                socklen_t length = four ? sizeof *v4 : sizeof *v6;
                socklen_t service_room = rooms[(r + f) % COUNT(rooms)];
                ask_names(&address, length, rooms[r], service_room < NI_MAXSERV ? service_room : NI_MAXSERV,
                          flags[f]);
                ask_names(&address, length - 1, rooms[r], NI_MAXSERV, flags[f]);
                if (r == 1) {
                    address.ss_family = AF_UNIX;
                    ask_names(&address, length, NI_MAXHOST, NI_MAXSERV, flags[f]);
                }
            }
}

int main(void)
{
    memset(long_name, 'n', sizeof long_name - 1);
    libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
    if (libc == NULL)
        return 2;
    users_and_groups();
    services();
    names();
    hosts();
    addresses();
    printf("%lu comparisons, %lu differ\n", questions, failures);
    return failures != 0 || questions < 1000;
}
