/* alloc.c - the runtime's own memory: nothing overlaps, zero is zero, and what is freed goes back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

enum { OBJECTS = 3000, TURNS = 300000 };

static int failures;

#define CHECK(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            printf("FAILED: %s:%d: %s\n", __FILE__, __LINE__, #condition);                                   \
            failures++;                                                                                      \
        }                                                                                                    \
    } while (0)

static uint64_t chance(void)
{
    static uint64_t state = 88172645463325252u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* Mostly small, some of several units, a few with a mapping of their own. */
static size_t some_size(void)
{
    uint64_t kind = chance() % 1000;
    if (kind < 800)
        return chance() % 1100;
    return kind < 995 ? chance() % 40000 : chance() % 3000000;
}

static bool holds(const unsigned char *p, size_t size, unsigned char mark)
{
    size_t step = size > 4096 ? 509 : 1;
    for (size_t i = 0; i < size; i += step)
        if (p[i] != mark)
            return false;
    return size == 0 || p[size - 1] == mark;
}

/* Huge pages change nothing that can be seen, whenever objects come and go beside them. */
static void collapse(void)
{
    enum { MANY = 300000, EACH = 128 };
    static unsigned char *object[MANY];
    unsigned wanted = 0;
    for (int k = 0; k < MANY; k++) {
        object[k] = alloc_get(EACH, false);
        memset(object[k], k & 255, EACH);
    }
    void *large = alloc_get(5 << 20, true);
    CHECK(large != NULL && holds(large, 5 << 20, 0));
    while (alloc_wants() && wanted < 5) {
        alloc_collapse();
        wanted++;
    }
    for (int k = 0; k < MANY; k += 2)
        alloc_put(object[k]);
    while (alloc_collapse())
        wanted++;
    CHECK(!alloc_wants());
    for (int k = 1; k < MANY; k += 2) {
        CHECK(holds(object[k], EACH, (unsigned char)k));
        alloc_put(object[k]);
    }
    alloc_put(large);
    struct alloc_usage use;
    alloc_usage(&use);
    CHECK(use.mapped == 0 || wanted > 0);
}

int main(void)
{
    static unsigned char *object[OBJECTS];
    static size_t size[OBJECTS];
    struct alloc_usage use;
    for (int turn = 0; turn < TURNS; turn++) {
        size_t k = chance() % OBJECTS;
        if (object[k] != NULL) {
            CHECK(holds(object[k], size[k], (unsigned char)k));
            alloc_put(object[k]);
            object[k] = NULL;
            if (chance() % 3 == 0)
                continue;
        }
        bool zeroed = chance() % 4 == 0;
        size[k] = some_size();
        if (chance() % 2 == 0)
            size[k] = (size[k] + 63) & ~(size_t)63;
        object[k] = alloc_get(size[k], zeroed);
        CHECK(object[k] != NULL);
        CHECK(!zeroed || holds(object[k], size[k], 0));
        CHECK(alloc_at(alloc_ref_of(object[k])) == object[k] || size[k] > 1 << 20);
        CHECK(size[k] % 64 != 0 || size[k] == 0 || (uintptr_t)object[k] % 64 == 0);
        memset(object[k], (int)(k & 255), size[k]);
    }
    alloc_usage(&use);
    bool own = use.mapped != 0; /* not under the address sanitizer */
    CHECK(!own || (use.objects <= use.mapped && use.resident <= use.mapped && use.resident > 0));
    for (size_t k = 0; k < OBJECTS; k++)
        alloc_put(object[k]);
    alloc_put(NULL);
    collapse();
    alloc_tidy();
    alloc_usage(&use);
    CHECK(use.objects == 0);
    CHECK(use.mapped <= 2 << 20);
    CHECK(use.resident <= 1 << 20);
    CHECK(!own || alloc_get(SIZE_MAX - 100, false) == NULL);
    printf("alloc: %s\n", failures == 0 ? "kept" : "BROKEN");
    return failures != 0;
}
