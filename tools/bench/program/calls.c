/*
 * calls.c - swrbench-calls, a program that knows nothing of caching: it calls a library's functions, plain,
 * annotated and wrapped ones, in one loop, and prints a line for each round. What is preloaded decides.
 * usage: swrbench-calls ROUNDS full|quick, or swrbench-calls hits: a thousand keys asked for a second time
 * between two calls of getppid().
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <swrcache.h>

#include "measure/contest.h"
#include "measure/loop.h"
#include "target.h"

enum { ENTRIES = 1000, LENGTH = 1 << 14, CALLS = 1 << 16, WAYS = 3 };

#define TEXT_LOOP(function)                                                                                  \
    LOOP_START(loop_##function)                                                                              \
    for (size_t call = from; call < from + calls; call++)                                                    \
        sum += (uint64_t)function(keys->strings + (call & mask) * KEY_STRIDE);                               \
    return sum;                                                                                              \
    }

INT_LOOP(empty_int)
INT_LOOP(cached_int)
INT_LOOP(swrbench_plain)
INT_LOOP(swrbench_annotated)
INT_LOOP(swrbench_wrapped)
TEXT_LOOP(swrbench_plain_text)
TEXT_LOOP(swrbench_annotated_text)
TEXT_LOOP(swrbench_wrapped_text)

/* Functions of the program itself, then those of the library. */
static const struct way own[WAYS] = {{.name = "plain", .run = loop_empty_int},
                                     {.name = "annotated", .run = loop_cached_int},
                                     {.name = "wrapped", .absent = true}};
static const struct way numbers[WAYS] = {{.name = "plain", .run = loop_swrbench_plain},
                                         {.name = "annotated", .run = loop_swrbench_annotated},
                                         {.name = "wrapped", .run = loop_swrbench_wrapped}};
static const struct way texts[WAYS] = {{.name = "plain", .run = loop_swrbench_plain_text},
                                       {.name = "annotated", .run = loop_swrbench_annotated_text},
                                       {.name = "wrapped", .run = loop_swrbench_wrapped_text}};

static bool measure(const struct settings *settings, const char *name, const struct way ways[WAYS],
                    bool strings)
{
    struct keys keys;
    struct contest contest = {
        .ways = ways, .count = WAYS, .teams = 1, .keys = {&keys, &keys}, .calls = CALLS, .warm = CALLS / 4};
    bool done =
        keys_open(&keys, ENTRIES, LENGTH, false, strings, 1) && contest_run(&contest, settings, "calls");

    for (size_t round = 0; done && round < (size_t)settings->rounds; round++)
        printf("%s %.17g %.17g %.17g\n", name, contest.ns[0][0][round], contest.ns[1][0][round],
               contest.ns[2][0][round]);
    free(contest.ns);
    keys_close(&keys);
    return done;
}

static bool was_hit(void)
{
    struct swrcache_info info = {.outcome = SWR_BYPASS};

    swrcache_last(&info);
    return info.outcome == SWR_HIT;
}

/* Whether the wrapped functions are cached at all. */
static int say_hits(void)
{
    char text[KEY_STRIDE];
    bool number_hit, text_hit;

    swrbench_wrapped(key_int(1));
    swrbench_wrapped(key_int(1));
    number_hit = was_hit();
    key_string(1, text);
    swrbench_wrapped_text(text);
    swrbench_wrapped_text(text);
    text_hit = was_hit();
    printf("hits 0 %d %d\n", number_hit, text_hit);
    return 0;
}

static int hits(void)
{
    int64_t sum = 0;

    for (int64_t key = 0; key < ENTRIES; key++)
        sum += swrbench_annotated(key);
    getppid();
    for (int64_t key = 0; key < ENTRIES; key++)
        sum -= swrbench_annotated(key);
    getppid();
    return sum == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct settings settings = {.rounds = argc == 3 ? atoi(argv[1]) : 0};

    if (argc == 2 && strcmp(argv[1], "hits") == 0)
        return hits();
    if (settings.rounds < 1 || settings.rounds > MOST_ROUNDS) {
        fprintf(stderr, "usage: swrbench-calls ROUNDS full|quick, or swrbench-calls hits\n");
        return 2;
    }
    settings.quick = strcmp(argv[2], "quick") == 0;
    return measure(&settings, "own", own, false) && measure(&settings, "numbers", numbers, false) &&
                   measure(&settings, "texts", texts, true)
               ? say_hits()
               : 1;
}
