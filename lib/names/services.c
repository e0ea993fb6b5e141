#include "lookup.h"

#include <netdb.h>

static const struct record service_record = {
    .size = sizeof(struct servent),
    .nfields = 3,
    .fields = {{offsetof(struct servent, s_name), FIELD_TEXT},
               {offsetof(struct servent, s_aliases), FIELD_TEXTS},
               {offsetof(struct servent, s_proto), FIELD_TEXT}},
};

struct service_key {
    const char *name, *protocol;
};

static int ask_name(const void *key, void *structure, char *buffer, size_t room, void **found, int *herror)
{
    const struct service_key *k = key;
    (void)herror;
    return NAMES_NEXT(getservbyname_r)(k->name, k->protocol, structure, buffer, room,
                                       (struct servent **)found);
}

SWR_ENCODER(compared, struct answer, answer_compared);

SWR_STATIC_CACHED_OBJECT(struct answer, service_by_name, (SWR_STR(name), SWR_STR(protocol)), answer_ref,
                         answer_unref, .fails = SWR_FAILS_NULL, .codec = compared, NAMES_SERVICES)
{
    struct service_key key = {name, protocol};
    return lookup_record(&service_record, ask_name, &key);
}
NAMES_REGISTER(TOPIC_SERVICES, service_by_name, "getservbyname")

NAMES_EXPORT int getservbyname_r(const char *restrict name, const char *restrict protocol,
                                 struct servent *restrict service, char *restrict buffer, size_t room,
                                 struct servent **restrict found)
{
    if (!watch_ready(TOPIC_SERVICES))
        return NAMES_NEXT(getservbyname_r)(name, protocol, service, buffer, room, found);
    struct errors saved = errors_now();
    return lookup_give(&service_record, service_by_name(name, protocol), saved, service, buffer, room,
                       (void **)found, NULL);
}

NAMES_EXPORT struct servent *getservbyname(const char *name, const char *protocol)
{
    static struct servent service;
    static struct lent lent;
    if (!watch_ready(TOPIC_SERVICES))
        return NAMES_NEXT(getservbyname)(name, protocol);
    struct errors saved = errors_now();
    return lookup_lend(&service_record, service_by_name(name, protocol), saved, &service, &lent);
}
