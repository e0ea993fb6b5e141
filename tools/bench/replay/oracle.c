#include "oracle.h"

#include <stdlib.h>

struct known {
    uint64_t key, born;
    bool used;
};

static struct known *find(struct known *table, size_t mask, uint64_t key)
{
    size_t at = (size_t)(key * 0x9e3779b97f4a7c15u >> 20) & mask;

    while (table[at].used && table[at].key != key)
        at = (at + 1) & mask;
    return &table[at];
}

unsigned char *oracle_answers(const struct trace *trace, uint64_t soft_ms, uint64_t hard_ms,
                              uint64_t counts[ORACLE_ANSWERS])
{
    size_t slots = 64;
    unsigned char *answers = malloc(trace->length);
    struct known *table;

    while (slots < trace->unique * 2)
        slots *= 2;
    table = calloc(slots, sizeof *table);
    if (!answers || !table) {
        free(answers);
        free(table);
        return NULL;
    }
    for (int kind = 0; kind < ORACLE_ANSWERS; kind++)
        counts[kind] = 0;
    for (size_t at = 0; at < trace->length; at++) {
        struct known *known = find(table, slots - 1, trace->keys[at]);
        uint64_t age = known->used ? trace->ms[at] - known->born : UINT64_MAX;
        enum oracle_answer answer = age < soft_ms ? ORACLE_FRESH : age < hard_ms ? ORACLE_STALE : ORACLE_MISS;

        if (answer != ORACLE_FRESH)
            *known = (struct known){trace->keys[at], trace->ms[at], true};
        answers[at] = (unsigned char)answer;
        counts[answer]++;
    }
    free(table);
    return answers;
}
