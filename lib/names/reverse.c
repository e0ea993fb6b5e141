/* reverse.c - getnameinfo(). */
#include "lookup.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>

/* Of other flags the answer may depend on the locale of the calling thread. */
#define KNOWN_FLAGS (NI_NUMERICHOST | NI_NUMERICSERV | NI_NOFQDN | NI_NAMEREQD | NI_DGRAM)

enum { HOST_ROOM = NI_MAXHOST, SERVICE_ROOM = 1025 };

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static struct answer *answer_of(const char *host, const char *service)
{
    size_t host_size = strlen(host) + 1, service_size = strlen(service) + 1;
    struct answer *answer = answer_new(host_size + service_size);
    if (answer == NULL)
        return NULL;
    memcpy(answer->bytes, host, host_size);
    memcpy(answer->bytes + host_size, service, service_size);
    answer->found = true;
    return answer;
}

SWR_ENCODER(compared, struct answer, answer_compared);

SWR_STATIC_CACHED_OBJECT(struct answer, names_of,
                         (SWR_BYTES(address, length), SWR_VAL(socklen_t, length), SWR_VAL(bool, host_wanted),
                          SWR_VAL(bool, service_wanted), SWR_VAL(int, flags)),
                         answer_ref, answer_unref, .fails = SWR_FAILS_NULL, .codec = compared, NAMES_HOSTS)
{
    char host[HOST_ROOM] = "", service[SERVICE_ROOM] = "";
    answer_listen();
    int status =
        NAMES_NEXT(getnameinfo)(address, length, host_wanted ? host : NULL, host_wanted ? sizeof host : 0,
                                service_wanted ? service : NULL, service_wanted ? sizeof service : 0, flags);
    int error = errno, herror = h_errno;
    struct answer *answer = status == 0 ? answer_of(host, service) : answer_new(0);
    if (answer == NULL)
        return NULL;
    answer->status = status;
    answer->error = answer_heard(error);
    answer->herror = answer_heard(herror);
    /* Without a name the number is given instead, also when the name could only not be found out now. */
    if ((status != 0 && status != EAI_NONAME) || answer_momentary(answer))
        swrcache_fail();
    else if (status != 0)
        swrcache_set_ttl(NAMES_NEGATIVE_MS, 0);
    return answer;
}
NAMES_REGISTER(TOPIC_HOSTS, names_of, "getnameinfo")

/* The parts that count, the rest zero: 0 for what is no address of the internet. */
static socklen_t plain_address(const struct sockaddr *from, socklen_t length, union address *to)
{
    memset(to, 0, sizeof *to);
    if (from == NULL || length < sizeof(sa_family_t))
        return 0;
    if (from->sa_family == AF_INET && length >= sizeof to->v4) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)from;
        to->v4.sin_family = AF_INET;
        to->v4.sin_port = v4->sin_port;
        to->v4.sin_addr = v4->sin_addr;
        return sizeof to->v4;
    }
    if (from->sa_family == AF_INET6 && length >= sizeof to->v6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)from;
        to->v6.sin6_family = AF_INET6;
        to->v6.sin6_port = v6->sin6_port;
        to->v6.sin6_addr = v6->sin6_addr;
        to->v6.sin6_scope_id = v6->sin6_scope_id;
        return sizeof to->v6;
    }
    return 0;
}

/* False: the text does not fit, and the room is left as it was. */
static bool give(const char *text, char *room, socklen_t size)
{
    size_t length = strlen(text) + 1;
    if (room == NULL || size == 0)
        return true;
    if (length > size)
        return false;
    memcpy(room, text, length);
    return true;
}

NAMES_EXPORT int getnameinfo(const struct sockaddr *restrict address, socklen_t length, char *restrict host,
                             socklen_t host_room, char *restrict service, socklen_t service_room, int flags)
{
    bool host_wanted = host != NULL && host_room > 0, service_wanted = service != NULL && service_room > 0;
    bool looks_up =
        (host_wanted && (flags & NI_NUMERICHOST) == 0) || (service_wanted && (flags & NI_NUMERICSERV) == 0);
    union address plain;
    socklen_t size = looks_up && (flags & ~KNOWN_FLAGS) == 0 ? plain_address(address, length, &plain) : 0;
    if (size == 0 || !watch_ready(TOPIC_HOSTS))
        return NAMES_NEXT(getnameinfo)(address, length, host, host_room, service, service_room, flags);
    struct errors saved = errors_now();
    struct answer *answer = names_of(&plain, size, host_wanted, service_wanted, flags);
    if (answer == NULL)
        return EAI_MEMORY;
    int status = answer->status;
    answer_errors(answer, saved);
    if (status == 0) {
        const char *host_text = (const char *)answer->bytes;
        const char *service_text = host_text + strlen(host_text) + 1;
        if (!give(host_text, host, host_room) || !give(service_text, service, service_room))
            status = EAI_OVERFLOW;
    }
    answer_unref(answer);
    return status;
}
