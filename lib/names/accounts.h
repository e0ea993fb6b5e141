/*
 * accounts.h - users and groups, which are asked for in the same ways.
 *
 * users.c and groups.c define, before they include it:
 *
 *   RECORD                the structure
 *   ID                    the type of its number
 *   BY_NAME, BY_NAME_R    the functions of libc by name, without and with a buffer
 *   BY_ID, BY_ID_R        by number
 *   TOPIC, REGION         of the answers
 *   record                how the structure is made flat
 */
#include "lookup.h"

#define TEXT(words)  TEXT_(words)
#define TEXT_(words) #words

static int ask_name(const void *key, void *structure, char *buffer, size_t room, void **found, int *herror)
{
    (void)herror;
    return NAMES_NEXT(BY_NAME_R)(key, structure, buffer, room, (struct RECORD **)found);
}

static int ask_id(const void *key, void *structure, char *buffer, size_t room, void **found, int *herror)
{
    (void)herror;
    return NAMES_NEXT(BY_ID_R)(*(const ID *)key, structure, buffer, room, (struct RECORD **)found);
}

SWR_ENCODER(compared, struct answer, answer_compared);

SWR_STATIC_CACHED_OBJECT(struct answer, account_by_name, (SWR_STR(name)), answer_ref, answer_unref,
                         .fails = SWR_FAILS_NULL, .codec = compared, .region = REGION, NAMES_ACCOUNTS)
{
    return lookup_record(&record, ask_name, name);
}
NAMES_REGISTER(TOPIC, account_by_name, TEXT(BY_NAME))

SWR_STATIC_CACHED_OBJECT(struct answer, account_by_id, (SWR_VAL(ID, id)), answer_ref, answer_unref,
                         .fails = SWR_FAILS_NULL, .codec = compared, .region = REGION, NAMES_ACCOUNTS)
{
    return lookup_record(&record, ask_id, &id);
}
NAMES_REGISTER(TOPIC, account_by_id, TEXT(BY_ID))

NAMES_EXPORT int BY_NAME_R(const char *restrict name, struct RECORD *restrict account, char *restrict buffer,
                           size_t room, struct RECORD **restrict found)
{
    if (!watch_ready(TOPIC))
        return NAMES_NEXT(BY_NAME_R)(name, account, buffer, room, found);
    struct errors saved = errors_now();
    return lookup_give(&record, account_by_name(name), saved, account, buffer, room, (void **)found, NULL);
}

NAMES_EXPORT int BY_ID_R(ID id, struct RECORD *restrict account, char *restrict buffer, size_t room,
                         struct RECORD **restrict found)
{
    if (!watch_ready(TOPIC))
        return NAMES_NEXT(BY_ID_R)(id, account, buffer, room, found);
    struct errors saved = errors_now();
    return lookup_give(&record, account_by_id(id), saved, account, buffer, room, (void **)found, NULL);
}

NAMES_EXPORT struct RECORD *BY_NAME(const char *name)
{
    static struct RECORD account;
    static struct lent lent;
    if (!watch_ready(TOPIC))
        return NAMES_NEXT(BY_NAME)(name);
    struct errors saved = errors_now();
    return lookup_lend(&record, account_by_name(name), saved, &account, &lent);
}

NAMES_EXPORT struct RECORD *BY_ID(ID id)
{
    static struct RECORD account;
    static struct lent lent;
    if (!watch_ready(TOPIC))
        return NAMES_NEXT(BY_ID)(id);
    struct errors saved = errors_now();
    return lookup_lend(&record, account_by_id(id), saved, &account, &lent);
}
