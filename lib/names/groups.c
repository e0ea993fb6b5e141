#include "lookup.h"

#include <grp.h>

static const struct record group_record = {
    .size = sizeof(struct group),
    .nfields = 3,
    .fields = {{offsetof(struct group, gr_name), FIELD_TEXT},
               {offsetof(struct group, gr_passwd), FIELD_TEXT},
               {offsetof(struct group, gr_mem), FIELD_TEXTS}},
};

static int ask_name(const void *key, void *structure, char *buffer, size_t room, void **found, int *herror)
{
    (void)herror;
    return NAMES_NEXT(getgrnam_r)(key, structure, buffer, room, (struct group **)found);
}

static int ask_gid(const void *key, void *structure, char *buffer, size_t room, void **found, int *herror)
{
    (void)herror;
    return NAMES_NEXT(getgrgid_r)(*(const gid_t *)key, structure, buffer, room, (struct group **)found);
}

SWR_STATIC_CACHED_OBJECT(struct answer, group_by_name, (SWR_STR(name)), answer_ref, answer_unref,
                         .fails = SWR_FAILS_NULL, .region = "names.groups", NAMES_USERS)
{
    return lookup_record(TOPIC_GROUPS, &group_record, ask_name, name);
}
NAMES_REGISTER(TOPIC_GROUPS, group_by_name, "getgrnam")

SWR_STATIC_CACHED_OBJECT(struct answer, group_by_gid, (SWR_VAL(gid_t, gid)), answer_ref, answer_unref,
                         .fails = SWR_FAILS_NULL, .region = "names.groups", NAMES_USERS)
{
    return lookup_record(TOPIC_GROUPS, &group_record, ask_gid, &gid);
}
NAMES_REGISTER(TOPIC_GROUPS, group_by_gid, "getgrgid")

NAMES_EXPORT int getgrnam_r(const char *restrict name, struct group *restrict group, char *restrict buffer,
                            size_t room, struct group **restrict found)
{
    if (!watch_ready(TOPIC_GROUPS))
        return NAMES_NEXT(getgrnam_r)(name, group, buffer, room, found);
    struct errors saved = errors_now();
    return lookup_give(&group_record, group_by_name(name), saved, group, buffer, room, (void **)found, NULL);
}

NAMES_EXPORT int getgrgid_r(gid_t gid, struct group *restrict group, char *restrict buffer, size_t room,
                            struct group **restrict found)
{
    if (!watch_ready(TOPIC_GROUPS))
        return NAMES_NEXT(getgrgid_r)(gid, group, buffer, room, found);
    struct errors saved = errors_now();
    return lookup_give(&group_record, group_by_gid(gid), saved, group, buffer, room, (void **)found, NULL);
}

NAMES_EXPORT struct group *getgrnam(const char *name)
{
    static struct group group;
    static struct lent lent;
    if (!watch_ready(TOPIC_GROUPS))
        return NAMES_NEXT(getgrnam)(name);
    struct errors saved = errors_now();
    return lookup_lend(&group_record, group_by_name(name), saved, &group, &lent);
}

NAMES_EXPORT struct group *getgrgid(gid_t gid)
{
    static struct group group;
    static struct lent lent;
    if (!watch_ready(TOPIC_GROUPS))
        return NAMES_NEXT(getgrgid)(gid);
    struct errors saved = errors_now();
    return lookup_lend(&group_record, group_by_gid(gid), saved, &group, &lent);
}
