/*
 * bench.h - what the parts of swrbench share.
 */
#ifndef SWRBENCH_BENCH_H
#define SWRBENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    KEY_BYTES = 32,       /* of a string key, without its end */
    INT_MIX = 0x5bd1e995, /* an integer's value is the key with this mixed in */
    ROW_WORDS = 8,        /* of 8 bytes: a value of 64 */
    BODY_MS = 10,         /* what the slow functions take */
    MOST_ROUNDS = 100,
    LONG_ROUNDS = 3, /* of what takes many seconds */
};

struct row {
    int64_t word[ROW_WORDS];
};

struct settings {
    int rounds;
    bool json;
    bool quick; /* less of everything: to see that it works */
    bool runtime;
    bool all;                /* one of many commands */
    const char *plot;        /* folder for plots, or NULL */
    const char *traces;      /* folder of recorded traces, or NULL */
    const char *const *args; /* of the command: traces, sizes */
    size_t count;
};

/* workload.c: the functions measured, one body each, uncached and cached. */
int64_t empty_int(int64_t key);
int64_t cached_int(int64_t key);
int64_t cached_mixed(int64_t key); /* the same, refreshed by its callers */
struct row empty_row(const char *key);
struct row cached_row(const char *key);
int64_t cached_stale(int64_t key);
int64_t cached_cold(int64_t key);
int64_t slow_uncached(int64_t key);
unsigned slow_bodies(void); /* how often a slow body began */
void clear_hits(void);      /* nothing is left of the functions that hits are measured of */

/* floor.c: a lookup and nothing else. Filled by one thread, then only read. */
struct floor_slot_int {
    int64_t key;
    int64_t value;
};
struct floor_slot_row {
    char key[KEY_BYTES];
    struct row value;
};
bool floor_open(size_t entries);
void floor_close(void);
void floor_put_int(int64_t key, int64_t value);
void floor_put_row(const char *key, const struct row *value);
int64_t floor_int(int64_t key);
struct row floor_row(const char *key);

/* keys.c: which keys are asked for, computed before the clock starts. */
struct keys {
    size_t entries;      /* different keys */
    size_t length;       /* of the sequence, a power of two */
    const int64_t *ints; /* [length] */
    const char *strings; /* [length] of KEY_STRIDE bytes */
};
enum {
    KEY_STRIDE = 40,
};
int64_t key_int(size_t id);
void key_string(size_t id, char key[KEY_STRIDE]);
bool keys_open(struct keys *keys, size_t entries, size_t length, bool zipf, bool strings, uint64_t seed);
void keys_close(struct keys *keys);

/* clock.c */
uint64_t now_ns(void);
uint64_t coarse_ns(void); /* the clock that moves at the ticks of the kernel */
void sleep_ms(unsigned ms);
double median(double *values, size_t count);

/* histogram.c: durations at about 3 % resolution. */
enum {
    HISTOGRAM_SLOTS = 64 * 32,
};
struct histogram {
    uint64_t count;
    uint64_t max;
    uint64_t slot[HISTOGRAM_SLOTS];
};
void histogram_add(struct histogram *histogram, uint64_t ns);
void histogram_merge(struct histogram *into, const struct histogram *from);
uint64_t histogram_at(const struct histogram *histogram, double part);

#endif
