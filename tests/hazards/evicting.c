/* S34: entries are evicted, replaced and invalidated while others read them; what is freed is poisoned. */
#include "hazard.h"

enum { KEYS = 64, READERS = 4, ROUNDS = SANITIZED ? 2000 : 20000, LARGEST = 65536 };

static _Atomic int loads;

struct value {
    int key;
    int load;
    unsigned sum;
    unsigned char bytes[100];
};

static unsigned sum_of(const unsigned char *bytes, size_t len)
{
    unsigned sum = 1;
    for (size_t i = 0; i < len; i++)
        sum = sum * 31 + bytes[i];
    return sum;
}

SWR_CACHED(struct value, fixed, (SWR_VAL(int, n)), .max_entries = 8, .ttl_ms = 1, .stale_ms = 3)
{
    struct value v = {.key = n, .load = ++loads};
    memset(v.bytes, n + v.load, sizeof v.bytes);
    v.sum = sum_of(v.bytes, sizeof v.bytes);
    return v;
}

/* Text of a length that the key says: "<key>:" and the same letter on and on. */
SWR_CACHED_STRING(text, (SWR_VAL(int, n)), .max_entries = 8, .ttl_ms = 1, .stale_ms = 3)
{
    size_t len = 16 + (size_t)n * (size_t)n * (LARGEST / (KEYS * KEYS));
    char *s = malloc(len);
    memset(s, 'a' + n % 26, len);
    s[snprintf(s, len, "%d", n)] = ':';
    s[len - 1] = 0;
    return s;
}

static bool text_whole(int n)
{
    char *s = text(n), *end;
    bool whole = s != NULL && strtol(s, &end, 10) == n && *end == ':';
    for (char *at = whole ? end + 1 : NULL; whole && *at != 0; at++)
        whole = *at == 'a' + n % 26;
    whole = whole && strlen(s) == 15 + (size_t)n * (size_t)n * (LARGEST / (KEYS * KEYS));
    free(s);
    return whole;
}

static void *reader(void *cookie)
{
    unsigned seed = (unsigned)(size_t)cookie;
    for (int round = 0; round < ROUNDS; round++) {
        int n = rand_r(&seed) % KEYS, how = rand_r(&seed) % 64;
        struct value v = fixed(n);
        CHECK(v.key == n && v.sum == sum_of(v.bytes, sizeof v.bytes));
        if (round % 8 == 0)
            CHECK(text_whole(n));
        if (how == 0)
            SWR_INVALIDATE(fixed, n);
        if (how == 1)
            SWR_EXPIRE(text, n);
        if (how == 2)
            swrcache_advance(1);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    (void)argc;
    with_manual_clock(argv);
    watchdog(110);
    pthread_t threads[READERS];
    for (size_t i = 0; i < READERS; i++)
        pthread_create(&threads[i], NULL, reader, (void *)(i + 1));
    for (int i = 0; i < READERS; i++)
        pthread_join(threads[i], NULL);
    CHECK(swrcache_drain(10000));
    return finish("evictions");
}
