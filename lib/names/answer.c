#include "answer.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

enum { NOBODYS = 0x53575201 };

struct answer *answer_new(size_t length)
{
    struct answer *answer = malloc(sizeof *answer + length);
    if (answer == NULL)
        return NULL;
    *answer = (struct answer){.error = ANSWER_UNTOUCHED, .herror = ANSWER_UNTOUCHED, .length = length};
    atomic_init(&answer->references, 1);
    return answer;
}

struct answer *answer_ref(const struct answer *answer)
{
    struct answer *shared = (struct answer *)(uintptr_t)answer;
    atomic_fetch_add_explicit(&shared->references, 1, memory_order_relaxed);
    return shared;
}

void answer_unref(struct answer *answer)
{
    if (answer != NULL && atomic_fetch_sub_explicit(&answer->references, 1, memory_order_acq_rel) == 1)
        free(answer);
}

void answer_listen(void)
{
    errno = NOBODYS;
    h_errno = NOBODYS;
}

int32_t answer_heard(int now)
{
    return now == NOBODYS ? ANSWER_UNTOUCHED : now;
}

bool answer_momentary(const struct answer *answer)
{
    return answer->herror == TRY_AGAIN || answer->herror == NO_RECOVERY || answer->herror == NETDB_INTERNAL;
}

struct errors errors_now(void)
{
    return (struct errors){errno, h_errno};
}

void answer_errors(const struct answer *answer, struct errors saved)
{
    errno = answer->error == ANSWER_UNTOUCHED ? saved.error : answer->error;
    /* Functions that return a pointer leave h_errno alone when they have found something. */
    bool told = answer->herror != ANSWER_UNTOUCHED && answer->herror != NETDB_SUCCESS;
    h_errno = told ? answer->herror : saved.herror;
}

size_t answer_compared(const struct answer *answer, void *buffer, size_t room)
{
    int32_t head[] = {answer->found, answer->status, answer->found ? 0 : answer->herror};
    if (sizeof head + answer->length <= room) {
        memcpy(buffer, head, sizeof head);
        memcpy((char *)buffer + sizeof head, answer->bytes, answer->length);
    }
    return sizeof head + answer->length;
}
