#include "lookup.h"

#include <pwd.h>

static const struct record passwd_record = {
    .size = sizeof(struct passwd),
    .nfields = 5,
    .fields = {{offsetof(struct passwd, pw_name), FIELD_TEXT},
               {offsetof(struct passwd, pw_passwd), FIELD_TEXT},
               {offsetof(struct passwd, pw_gecos), FIELD_TEXT},
               {offsetof(struct passwd, pw_dir), FIELD_TEXT},
               {offsetof(struct passwd, pw_shell), FIELD_TEXT}},
};

static int ask_name(const void *key, void *structure, char *buffer, size_t room, void **found, int *herror)
{
    (void)herror;
    return NAMES_NEXT(getpwnam_r)(key, structure, buffer, room, (struct passwd **)found);
}

static int ask_uid(const void *key, void *structure, char *buffer, size_t room, void **found, int *herror)
{
    (void)herror;
    return NAMES_NEXT(getpwuid_r)(*(const uid_t *)key, structure, buffer, room, (struct passwd **)found);
}

SWR_STATIC_CACHED_OBJECT(struct answer, user_by_name, (SWR_STR(name)), answer_ref, answer_unref,
                         .fails = SWR_FAILS_NULL, .region = "names.users", NAMES_USERS)
{
    return lookup_record(TOPIC_USERS, &passwd_record, ask_name, name);
}
NAMES_REGISTER(TOPIC_USERS, user_by_name, "getpwnam")

SWR_STATIC_CACHED_OBJECT(struct answer, user_by_uid, (SWR_VAL(uid_t, uid)), answer_ref, answer_unref,
                         .fails = SWR_FAILS_NULL, .region = "names.users", NAMES_USERS)
{
    return lookup_record(TOPIC_USERS, &passwd_record, ask_uid, &uid);
}
NAMES_REGISTER(TOPIC_USERS, user_by_uid, "getpwuid")

NAMES_EXPORT int getpwnam_r(const char *restrict name, struct passwd *restrict user, char *restrict buffer,
                            size_t room, struct passwd **restrict found)
{
    if (!watch_ready(TOPIC_USERS))
        return NAMES_NEXT(getpwnam_r)(name, user, buffer, room, found);
    struct errors saved = errors_now();
    return lookup_give(&passwd_record, user_by_name(name), saved, user, buffer, room, (void **)found, NULL);
}

NAMES_EXPORT int getpwuid_r(uid_t uid, struct passwd *restrict user, char *restrict buffer, size_t room,
                            struct passwd **restrict found)
{
    if (!watch_ready(TOPIC_USERS))
        return NAMES_NEXT(getpwuid_r)(uid, user, buffer, room, found);
    struct errors saved = errors_now();
    return lookup_give(&passwd_record, user_by_uid(uid), saved, user, buffer, room, (void **)found, NULL);
}

NAMES_EXPORT struct passwd *getpwnam(const char *name)
{
    static struct passwd user;
    static struct lent lent;
    if (!watch_ready(TOPIC_USERS))
        return NAMES_NEXT(getpwnam)(name);
    struct errors saved = errors_now();
    return lookup_lend(&passwd_record, user_by_name(name), saved, &user, &lent);
}

NAMES_EXPORT struct passwd *getpwuid(uid_t uid)
{
    static struct passwd user;
    static struct lent lent;
    if (!watch_ready(TOPIC_USERS))
        return NAMES_NEXT(getpwuid)(uid);
    struct errors saved = errors_now();
    return lookup_lend(&passwd_record, user_by_uid(uid), saved, &user, &lent);
}
