#include "lookup.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

static const struct record host_record = {
    .size = sizeof(struct hostent),
    .address_length = offsetof(struct hostent, h_length),
    .nfields = 3,
    .fields = {{offsetof(struct hostent, h_name), FIELD_TEXT},
               {offsetof(struct hostent, h_aliases), FIELD_TEXTS},
               {offsetof(struct hostent, h_addr_list), FIELD_ADDRESSES}},
};

/* Of family AF_UNSPEC asks gethostbyname(), which a module of the name service may answer in its own way. */
struct name_key {
    const char *name;
    int family;
};

struct address_key {
    const void *address;
    socklen_t length;
    int family;
};

static int ask_name(const void *key, void *structure, char *buffer, size_t room, void **found, int *herror)
{
    const struct name_key *k = key;
    struct hostent **host = (struct hostent **)found;
    if (k->family == AF_UNSPEC)
        return NAMES_NEXT(gethostbyname_r)(k->name, structure, buffer, room, host, herror);
    return NAMES_NEXT(gethostbyname2_r)(k->name, k->family, structure, buffer, room, host, herror);
}

static int ask_address(const void *key, void *structure, char *buffer, size_t room, void **found, int *herror)
{
    const struct address_key *k = key;
    return NAMES_NEXT(gethostbyaddr_r)(k->address, k->length, k->family, structure, buffer, room,
                                       (struct hostent **)found, herror);
}

/* Servers turn the order of addresses from answer to answer. */
static size_t encode(const struct answer *answer, void *buffer, size_t room)
{
    size_t len = answer_compared(answer, buffer, room);
    if (len <= room && answer->found)
        record_sort(&host_record, (unsigned char *)buffer + len - answer->length);
    return len;
}
SWR_ENCODER(compared, struct answer, encode);

SWR_STATIC_CACHED_OBJECT(struct answer, host_by_name, (SWR_STR(name), SWR_VAL(int, family)), answer_ref,
                         answer_unref, .fails = SWR_FAILS_NULL, .codec = compared, NAMES_HOSTS)
{
    struct name_key key = {name, family};
    return lookup_record(&host_record, ask_name, &key);
}
NAMES_REGISTER(TOPIC_HOSTS, host_by_name, "gethostbyname")

SWR_STATIC_CACHED_OBJECT(struct answer, host_by_address,
                         (SWR_BYTES(address, length), SWR_VAL(socklen_t, length), SWR_VAL(int, family)),
                         answer_ref, answer_unref, .fails = SWR_FAILS_NULL, .codec = compared, NAMES_HOSTS)
{
    struct address_key key = {address, length, family};
    return lookup_record(&host_record, ask_address, &key);
}
NAMES_REGISTER(TOPIC_HOSTS, host_by_address, "gethostbyaddr")

/* An address written as a name needs no lookup. */
static bool written(const char *name)
{
    struct in_addr v4;
    return strchr(name, ':') != NULL || name[strspn(name, "0123456789.")] == 0 || inet_aton(name, &v4) != 0;
}

static bool named(const char *name, int family)
{
    return name != NULL && (family == AF_UNSPEC || family == AF_INET || family == AF_INET6) &&
           !written(name) && watch_ready(TOPIC_HOSTS);
}

/* What is no address has its own errors, which need no cache. */
static bool addressed(const void *address, socklen_t length, int family)
{
    return address != NULL && ((family == AF_INET && length == 4) || (family == AF_INET6 && length == 16)) &&
           watch_ready(TOPIC_HOSTS);
}

NAMES_EXPORT int gethostbyname_r(const char *restrict name, struct hostent *restrict host,
                                 char *restrict buffer, size_t room, struct hostent **restrict found,
                                 int *restrict herror)
{
    if (!named(name, AF_UNSPEC))
        return NAMES_NEXT(gethostbyname_r)(name, host, buffer, room, found, herror);
    struct errors saved = errors_now();
    return lookup_give(&host_record, host_by_name(name, AF_UNSPEC), saved, host, buffer, room, (void **)found,
                       herror);
}

NAMES_EXPORT int gethostbyname2_r(const char *restrict name, int family, struct hostent *restrict host,
                                  char *restrict buffer, size_t room, struct hostent **restrict found,
                                  int *restrict herror)
{
    if (family == AF_UNSPEC || !named(name, family))
        return NAMES_NEXT(gethostbyname2_r)(name, family, host, buffer, room, found, herror);
    struct errors saved = errors_now();
    return lookup_give(&host_record, host_by_name(name, family), saved, host, buffer, room, (void **)found,
                       herror);
}

NAMES_EXPORT int gethostbyaddr_r(const void *restrict address, socklen_t length, int family,
                                 struct hostent *restrict host, char *restrict buffer, size_t room,
                                 struct hostent **restrict found, int *restrict herror)
{
    if (!addressed(address, length, family))
        return NAMES_NEXT(gethostbyaddr_r)(address, length, family, host, buffer, room, found, herror);
    struct errors saved = errors_now();
    return lookup_give(&host_record, host_by_address(address, length, family), saved, host, buffer, room,
                       (void **)found, herror);
}

NAMES_EXPORT struct hostent *gethostbyname(const char *name)
{
    static struct hostent host;
    static struct lent lent;
    if (!named(name, AF_UNSPEC))
        return NAMES_NEXT(gethostbyname)(name);
    struct errors saved = errors_now();
    return lookup_lend(&host_record, host_by_name(name, AF_UNSPEC), saved, &host, &lent);
}

NAMES_EXPORT struct hostent *gethostbyname2(const char *name, int family)
{
    static struct hostent host;
    static struct lent lent;
    if (family == AF_UNSPEC || !named(name, family))
        return NAMES_NEXT(gethostbyname2)(name, family);
    struct errors saved = errors_now();
    return lookup_lend(&host_record, host_by_name(name, family), saved, &host, &lent);
}

NAMES_EXPORT struct hostent *gethostbyaddr(const void *address, socklen_t length, int family)
{
    static struct hostent host;
    static struct lent lent;
    if (!addressed(address, length, family))
        return NAMES_NEXT(gethostbyaddr)(address, length, family);
    struct errors saved = errors_now();
    return lookup_lend(&host_record, host_by_address(address, length, family), saved, &host, &lent);
}
