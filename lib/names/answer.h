/*
 * answer.h - what a lookup brought, as it lies in the cache: one block, counted references, never changed
 * once made.
 */
#ifndef NAMES_ANSWER_H
#define NAMES_ANSWER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An error number that the function left as it was. */
#define ANSWER_UNTOUCHED INT32_MIN

struct answer {
    _Atomic uint32_t references;
    bool found;
    int32_t status; /* what the function returned */
    int32_t error;  /* errno afterwards, or ANSWER_UNTOUCHED */
    int32_t herror; /* h_errno likewise */
    size_t length;
    _Alignas(16) unsigned char bytes[];
};

/* NULL without memory. One reference is the caller's; nothing found, status 0, errors untouched. */
struct answer *answer_new(size_t length);
struct answer *answer_ref(const struct answer *answer);
void answer_unref(struct answer *answer);

/* Before a lookup errno and h_errno hold a value that no function leaves; what is there afterwards counts. */
void answer_listen(void);
int32_t answer_heard(int now); /* of errno or h_errno */

/* h_errno says that nobody could tell, whatever was returned: an answer of the moment. */
bool answer_momentary(const struct answer *answer);

/*
 * What is in it, as modes shadow and observe compare it: an encoder of the SDK. What errno is after a lookup
 * that found something, or did not, is chance; the order of addresses is put aside by who knows it.
 */
size_t answer_compared(const struct answer *answer, void *buffer, size_t room);

/* errno and h_errno as the function left them; `saved` are those of before the cached call. */
struct errors {
    int error, herror;
};
struct errors errors_now(void);
void answer_errors(const struct answer *answer, struct errors saved);

#endif
