/*
 * torture.c - every value is checked while a table too small for its keys evicts, refreshes and is
 * invalidated under its readers: what a call gives belongs to its key, is whole, and was computed after the
 * last invalidation that returned before the call began.
 */
#include "promise.h"

enum { KEYS = 600, ROOM = 150, READERS = 3, CALLS = 60000, WORDS = 12 };

struct wide {
    long word[WORDS]; /* key, generation, and both mixed to the end */
};

static _Atomic long world[KEYS];   /* what a body sees */
static _Atomic long settled[KEYS]; /* what every later call must have seen */
static _Atomic int readers_left = READERS;

static struct wide wide_of(long key)
{
    struct wide w = {{key, world[key]}};
    for (int i = 2; i < WORDS; i++)
        w.word[i] = w.word[0] * 31 + w.word[1] * i;
    return w;
}

#define SHORT .ttl_ms = 3, .stale_ms = 5, .max_entries = ROOM

SWR_CACHED(struct wide, by_word, (SWR_VAL(long, key)), SHORT)
{
    return wide_of(key);
}

SWR_CACHED(struct wide, by_text, (SWR_STR(text)), SHORT)
{
    return wide_of(atol(text));
}

SWR_CACHED_STRING(by_pair, (SWR_VAL(int, high), SWR_VAL(int, low)), SHORT)
{
    char *text = malloc(64);
    int key = high * 100 + low;
    if (text != NULL)
        snprintf(text, 64, "%d and %ld", key, (long)world[key]);
    return text;
}

static bool whole(struct wide w, long key, long least)
{
    bool right = w.word[0] == key && w.word[1] >= least;
    for (int i = 2; i < WORDS; i++)
        right &= w.word[i] == w.word[0] * 31 + w.word[1] * i;
    return right;
}

static void *read_all(void *cookie)
{
    unsigned seed = (unsigned)(size_t)cookie;
    for (int call = 0; call < CALLS; call++) {
        long key = rand_r(&seed) % (call % 2 ? KEYS : ROOM / 5), least = settled[key];
        char text[32];
        switch (call % 3) {
        case 0:
            CHECK(whole(by_word(key), key, least));
            break;
        case 1:
            snprintf(text, sizeof text, "%ld", key);
            CHECK(whole(by_text(text), key, least));
            break;
        default: {
            char *got = by_pair((int)(key / 100), (int)(key % 100));
            long got_key = -1, got_world = -1;
            CHECK(got != NULL && sscanf(got, "%ld and %ld", &got_key, &got_world) == 2);
            CHECK(got_key == key && got_world >= least);
            free(got);
        }
        }
    }
    readers_left--;
    return NULL;
}

static void *change(void *unused)
{
    unsigned seed = 77;
    while (readers_left > 0) {
        long key = rand_r(&seed) % KEYS, now = ++world[key];
        char text[32];
        snprintf(text, sizeof text, "%ld", key);
        SWR_INVALIDATE(by_word, key);
        SWR_INVALIDATE(by_text, text);
        SWR_INVALIDATE(by_pair, (int)(key / 100), (int)(key % 100));
        settled[key] = now;
        if (now % 8 == 0)
            SWR_EXPIRE_ALL(by_word);
        if (now % 32 == 0)
            SWR_INVALIDATE_ALL(by_text);
    }
    return unused;
}

int main(void)
{
    pthread_t readers[READERS], changer;
    pthread_create(&changer, NULL, change, NULL);
    for (size_t i = 0; i < READERS; i++)
        pthread_create(&readers[i], NULL, read_all, (void *)(i + 1));
    for (int i = 0; i < READERS; i++)
        pthread_join(readers[i], NULL);
    pthread_join(changer, NULL);
    return finish("torture");
}
