#include "lookup.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM_FIRST = 4096, ROOM_MOST = 64 << 20 };

static pthread_mutex_t lending = PTHREAD_MUTEX_INITIALIZER;

/* Not held across fork(): a handler of signals that asks amid it would wait for its own thread. */
static void fork_child(void)
{
    pthread_mutex_init(&lending, NULL);
}

#ifdef __GLIBC__
/* Weak, so that children that are of another libc load this: as lib/base/os.c has it. */
int __register_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void), void *object)
    __attribute__((weak));
extern void *__dso_handle __attribute__((visibility("hidden")));
#define pthread_atfork(prepare, parent, child) __register_atfork(prepare, parent, child, &__dso_handle)
#endif

__attribute__((constructor)) static void prepare(void)
{
    if (swrcache_api != NULL)
        pthread_atfork(NULL, NULL, fork_child);
}

static struct answer *answer_of(const struct record *record, const void *structure)
{
    struct answer *answer = answer_new(structure != NULL ? record_flat_size(record, structure) : 0);
    if (answer != NULL && structure != NULL) {
        record_flatten(record, structure, answer->bytes);
        answer->found = true;
    }
    return answer;
}

struct answer *lookup_record(const struct record *record, lookup_ask *ask, const void *key)
{
    _Alignas(16) char on_stack[ROOM_FIRST],
        structure[64] = {0}; /* also between its fields: answers are compared */
    char *buffer = on_stack;
    void *found = NULL;
    int status, herror, error;
    for (size_t room = ROOM_FIRST;; room *= 4) {
        answer_listen();
        herror = h_errno;
        status = ask(key, structure, buffer, room, &found, &herror);
        error = errno;
        if (status != ERANGE || room >= ROOM_MOST)
            break;
        if (buffer != on_stack)
            free(buffer);
        buffer = malloc(room * 4);
        if (buffer == NULL)
            return NULL;
    }
    struct answer *answer = answer_of(record, status == 0 ? found : NULL);
    if (buffer != on_stack)
        free(buffer);
    if (answer == NULL)
        return NULL;
    answer->status = status;
    answer->error = answer_heard(error);
    answer->herror = answer_heard(herror);
    if (answer->found)
        return answer;
    if (status != 0 || answer_momentary(answer))
        swrcache_fail();
    else
        swrcache_set_ttl(NAMES_NEGATIVE_MS, 0);
    return answer;
}

static struct answer *no_memory(void)
{
    static struct answer answer = {
        .references = 1, .error = ENOMEM, .status = ENOMEM, .herror = NETDB_INTERNAL};
    return answer_ref(&answer);
}

int lookup_give(const struct record *record, struct answer *answer, struct errors saved, void *structure,
                char *buffer, size_t room, void **found, int *herror)
{
    if (answer == NULL)
        answer = no_memory();
    int status = answer->status;
    *found = NULL;
    errno = answer->error == ANSWER_UNTOUCHED ? saved.error : answer->error;
    h_errno = saved.herror;
    if (herror != NULL && answer->herror != ANSWER_UNTOUCHED)
        *herror = answer->herror;
    if (answer->found) {
        if (record_rebuild(record, answer->bytes, answer->length, structure, buffer, room)) {
            *found = structure;
        } else {
            status = errno = ERANGE;
            if (herror != NULL)
                *herror = NETDB_INTERNAL;
        }
    }
    answer_unref(answer);
    return status;
}

/* A child that another thread forks amid this finds, at every point, a buffer with the room that is told. */
static void have_room(struct lent *lent, size_t room)
{
    char *before = lent->buffer, *larger = malloc(room);
    if (larger == NULL)
        return;
    atomic_store(&lent->room, 0);
    atomic_store(&lent->buffer, larger);
    atomic_store(&lent->room, room);
    free(before);
}

void *lookup_lend(const struct record *record, struct answer *answer, struct errors saved, void *structure,
                  struct lent *lent)
{
    void *found = NULL;
    if (answer == NULL)
        answer = no_memory();
    struct errors left = saved;
    if (answer->found) {
        size_t room = record_room(record, answer->length);
        pthread_mutex_lock(&lending);
        if (room > lent->room)
            have_room(lent, room < 1024 ? 1024 : room);
        if (room <= lent->room &&
            record_rebuild(record, answer->bytes, answer->length, structure, lent->buffer, lent->room))
            found = structure;
        pthread_mutex_unlock(&lending);
    }
    answer_errors(answer, left);
    if (answer->found && found == NULL)
        errno = ENOMEM;
    answer_unref(answer);
    return found;
}
