/*
 * addresses.c - getaddrinfo().
 *
 * An answer holds the list one after another: a head, the address, the canonical name. Every caller gets a
 * list of its own, each node one block with its address inside and the name a block of its own: what
 * freeaddrinfo() of the library, or a caller that frees parts of a list, gives back with free().
 */
#include "lookup.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Of other flags the answer may depend on the locale of the calling thread. */
#define KNOWN_FLAGS                                                                                          \
    (AI_PASSIVE | AI_CANONNAME | AI_NUMERICHOST | AI_V4MAPPED | AI_ALL | AI_ADDRCONFIG | AI_NUMERICSERV)

struct head {
    int flags, family, socktype, protocol;
    uint32_t address, name; /* lengths; a name's with its end, 0: none */
};

static size_t name_length(const struct addrinfo *node)
{
    return node->ai_canonname != NULL ? strlen(node->ai_canonname) + 1 : 0;
}

static struct answer *answer_of(const struct addrinfo *list)
{
    size_t length = 0;
    for (const struct addrinfo *node = list; node != NULL; node = node->ai_next)
        length += sizeof(struct head) + node->ai_addrlen + name_length(node);
    struct answer *answer = answer_new(length);
    if (answer == NULL)
        return NULL;
    unsigned char *at = answer->bytes;
    for (const struct addrinfo *node = list; node != NULL; node = node->ai_next) {
        struct head head = {node->ai_flags,    node->ai_family,  node->ai_socktype,
                            node->ai_protocol, node->ai_addrlen, (uint32_t)name_length(node)};
        memcpy(at, &head, sizeof head);
        at += sizeof head;
        if (head.address != 0)
            memcpy(at, node->ai_addr, head.address);
        at += head.address;
        if (head.name != 0)
            memcpy(at, node->ai_canonname, head.name);
        at += head.name;
    }
    answer->found = list != NULL;
    return answer;
}

static void free_list(struct addrinfo *list)
{
    while (list != NULL) {
        struct addrinfo *next = list->ai_next;
        free(list->ai_canonname);
        free(list);
        list = next;
    }
}

/* False: no memory. */
static bool list_of(const struct answer *answer, struct addrinfo **list)
{
    const unsigned char *at = answer->bytes, *end = at + answer->length;
    struct addrinfo **last = list;
    *list = NULL;
    while (at < end) {
        struct head head;
        memcpy(&head, at, sizeof head);
        at += sizeof head;
        struct addrinfo *node = calloc(1, sizeof *node + head.address);
        char *name = head.name != 0 ? malloc(head.name) : NULL;
        if (node == NULL || (name == NULL && head.name != 0)) {
            free(node);
            free(name);
            free_list(*list);
            return false;
        }
        *node = (struct addrinfo){.ai_flags = head.flags,
                                  .ai_family = head.family,
                                  .ai_socktype = head.socktype,
                                  .ai_protocol = head.protocol,
                                  .ai_addrlen = head.address,
                                  .ai_canonname = name};
        if (head.address != 0)
            node->ai_addr = memcpy(node + 1, at, head.address);
        at += head.address;
        if (name != NULL)
            memcpy(name, at, head.name);
        at += head.name;
        *last = node;
        last = &node->ai_next;
    }
    return true;
}

enum { MOST_SORTED = 512 };

static int by_address(const void *a, const void *b)
{
    const unsigned char *x = *(const unsigned char *const *)a, *y = *(const unsigned char *const *)b;
    struct head p, q;
    memcpy(&p, x, sizeof p);
    memcpy(&q, y, sizeof q);
    p.name = q.name = 0; /* stands with the first, whichever that is */
    int order = memcmp(&p, &q, sizeof p);
    return order != 0 ? order : memcmp(x + sizeof p, y + sizeof q, p.address);
}

/*
 * The canonical name, then the addresses in an order of their own: servers turn it from answer to answer. Of
 * very many the order counts.
 */
static size_t encode(const struct answer *answer, void *buffer, size_t room)
{
    const unsigned char *nodes[MOST_SORTED], *at = answer->bytes, *end = at + answer->length;
    size_t n = 0, len = answer_compared(answer, buffer, room);
    struct head head;
    if (len > room)
        return len;
    unsigned char *to = (unsigned char *)buffer + len - answer->length;
    for (; at < end && n < MOST_SORTED; at += sizeof head + head.address + head.name) {
        memcpy(&head, at, sizeof head);
        if (head.name != 0)
            to = mempcpy(to, at + sizeof head + head.address, head.name);
        nodes[n++] = at;
    }
    if (at < end)
        return answer_compared(answer, buffer, room);
    qsort(nodes, n, sizeof *nodes, by_address);
    for (size_t i = 0; i < n; i++) {
        memcpy(&head, nodes[i], sizeof head);
        head.name = 0;
        to = mempcpy(to, &head, sizeof head);
        to = mempcpy(to, nodes[i] + sizeof head, head.address);
    }
    return len;
}
SWR_ENCODER(compared, struct answer, encode);

static bool negative(int status)
{
    return status == EAI_NONAME || status == EAI_NODATA || status == EAI_ADDRFAMILY || status == EAI_SERVICE;
}

SWR_STATIC_CACHED_OBJECT(struct answer, addresses,
                         (SWR_STR(node), SWR_STR(service), SWR_VAL(int, flags), SWR_VAL(int, family),
                          SWR_VAL(int, socktype), SWR_VAL(int, protocol)),
                         answer_ref, answer_unref, .fails = SWR_FAILS_NULL, .codec = compared, NAMES_HOSTS)
{
    struct addrinfo hints = {
        .ai_flags = flags, .ai_family = family, .ai_socktype = socktype, .ai_protocol = protocol};
    struct addrinfo *list = NULL;
    answer_listen();
    int status = NAMES_NEXT(getaddrinfo)(node, service, &hints, &list);
    int error = errno, herror = h_errno;
    struct answer *answer = answer_of(status == 0 ? list : NULL);
    if (status == 0)
        freeaddrinfo(list);
    if (answer == NULL)
        return NULL;
    answer->status = status;
    answer->error = answer_heard(error);
    answer->herror = answer_heard(herror);
    if (negative(status) && !answer_momentary(answer))
        swrcache_set_ttl(NAMES_NEGATIVE_MS, 0);
    else if (status != 0)
        swrcache_fail();
    return answer;
}
NAMES_REGISTER(TOPIC_HOSTS, addresses, "getaddrinfo")

/* A number that is only to be written down otherwise needs no cache. */
static bool looks_up(const char *node, const char *service, int flags)
{
    bool numbers =
        (node == NULL || (flags & AI_NUMERICHOST) != 0) && (service == NULL || (flags & AI_NUMERICSERV) != 0);
    return !numbers && (flags & ~KNOWN_FLAGS) == 0;
}

NAMES_EXPORT int getaddrinfo(const char *restrict node, const char *restrict service,
                             const struct addrinfo *restrict hints, struct addrinfo **restrict list)
{
    static const struct addrinfo none = {.ai_flags = AI_V4MAPPED | AI_ADDRCONFIG};
    const struct addrinfo *h = hints != NULL ? hints : &none;
    if (!looks_up(node, service, h->ai_flags) || !watch_ready(TOPIC_HOSTS))
        return NAMES_NEXT(getaddrinfo)(node, service, hints, list);
    struct errors saved = errors_now();
    struct answer *answer =
        addresses(node, service, h->ai_flags, h->ai_family, h->ai_socktype, h->ai_protocol);
    if (answer == NULL)
        return EAI_MEMORY;
    int status = answer->status;
    answer_errors(answer, saved);
    if (status == 0) {
        struct addrinfo *made;
        if (list_of(answer, &made))
            *list = made;
        else
            status = EAI_MEMORY;
    }
    answer_unref(answer);
    return status;
}
