#define _GNU_SOURCE
#include "foreign.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096 };

/* Waiting for its change until a time that is over: the kernel compares, and finds no memory or another word.
 */
bool foreign_word_is(const volatile uint32_t *word, uint32_t value)
{
    static const struct timespec over = {0, 0};
    int saved = errno;
    bool is = syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, value, &over, NULL,
                      FUTEX_BITSET_MATCH_ANY) == 0 ||
              errno == ETIMEDOUT || errno == EINTR;
    errno = saved;
    return is;
}

/* The set of signals is read before it is seen that nothing is to be done with it. */
bool foreign_readable(uintptr_t low, uintptr_t high)
{
    int saved = errno;
    bool all = true;
    for (uintptr_t at = low & ~(uintptr_t)(PAGE - 1); all && at < high; at += PAGE) {
        syscall(SYS_rt_sigprocmask, -1, at, NULL, sizeof(uint64_t));
        all = errno == EINVAL;
    }
    errno = saved;
    return all;
}
