/*
 * loop.h - the loops of a contest. `function` is called directly; the results' sum lets all ways be compared.
 */
#ifndef SWRBENCH_LOOP_H
#define SWRBENCH_LOOP_H

#define LOOP_START(name)                                                                                     \
    static uint64_t name(const void *state, const struct keys *keys, size_t from, size_t calls)              \
    {                                                                                                        \
        size_t mask = keys->length - 1;                                                                      \
        uint64_t sum = 0;                                                                                    \
                                                                                                             \
        (void)state;

#define INT_LOOP(function)                                                                                   \
    LOOP_START(loop_##function)                                                                              \
    for (size_t call = from; call < from + calls; call++)                                                    \
        sum += (uint64_t)function(keys->ints[call & mask]);                                                  \
    return sum;                                                                                              \
    }

/* Each call waits for the one before it: the place of its key is computed from that one's result. */
#define CHAIN_LOOP(function)                                                                                 \
    LOOP_START(chain_##function)                                                                             \
    uint64_t zero = 0;                                                                                       \
                                                                                                             \
    for (size_t call = from; call < from + calls; call++) {                                                  \
        int64_t key = keys->ints[(call + zero) & mask];                                                      \
        int64_t value = function(key);                                                                       \
                                                                                                             \
        zero = (uint64_t)(value ^ key ^ INT_MIX);                                                            \
        sum += (uint64_t)value;                                                                              \
    }                                                                                                        \
    return sum;                                                                                              \
    }

#define ROW_LOOP(function)                                                                                   \
    LOOP_START(loop_##function)                                                                              \
    for (size_t call = from; call < from + calls; call++) {                                                  \
        struct row row = function(keys->strings + (call & mask) * KEY_STRIDE);                               \
        sum += (uint64_t)row.word[1] + (uint64_t)row.word[ROW_WORDS - 1];                                    \
    }                                                                                                        \
    return sum;                                                                                              \
    }

#endif
