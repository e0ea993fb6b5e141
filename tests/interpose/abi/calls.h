/* calls.h - values for the generated calls, and their answers. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <swrcache.h>

extern _Atomic unsigned subject_calls, subject_crooked;
extern unsigned subject_epoch;

struct answer {
    unsigned char bytes[26 * 64]; /* what came out: out-arguments, then the result */
    size_t len;
    int error;
};

typedef void call_fn(bool direct, uint64_t seed, struct answer *a);

static void *library; /* the one with the functions themselves */
static char thing;
static void *const opaque __attribute__((unused)) = &thing;

static void *real(const char *name)
{
    void *found = dlsym(library, name);
    if (found == NULL) {
        printf("FAILED: no %s\n", name);
        exit(1);
    }
    return found;
}

static uint64_t chance(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return *state ^ *state >> 29;
}

static __attribute__((unused)) void *take(struct answer *a, size_t len)
{
    void *at = a->bytes + a->len;
    a->len += len;
    return at;
}

/* Never at the same place twice in a row: equal keys are so by content. */
static char *elsewhere(void)
{
    static char room[64][64];
    static unsigned next;
    char *at = room[next++ % 64];
    memset(at, (int)next, 64);
    return at;
}

static __attribute__((unused)) const char *some_string(uint64_t *seed)
{
    uint64_t n = chance(seed) % 50;
    if (n == 0)
        return NULL;
    char *s = elsewhere();
    for (uint64_t i = 0; i + 1 < n; i++)
        s[i] = (char)(1 + chance(seed) % 255);
    s[n - 1] = 0;
    return s;
}

static __attribute__((unused)) const void *some_bytes(uint64_t *seed)
{
    char *s = elsewhere();
    for (int i = 0; i < 40; i++)
        s[i] = (char)chance(seed);
    return s;
}
