/*
 * fuzz.h - the two ways to feed a parser: libFuzzer's inputs (-DLIBFUZZER, tools/check --long), or inputs
 * that the program makes itself, the same ones on every run: SWR_TEST_INPUTS says how many.
 */
#ifndef TEST_FUZZ_H
#define TEST_FUZZ_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#ifndef LIBFUZZER
static uint64_t fuzz_state = 1;
static unsigned long fuzz_input;

static inline uint64_t fuzz_below(uint64_t n)
{
    fuzz_state ^= fuzz_state << 13;
    fuzz_state ^= fuzz_state >> 7;
    fuzz_state ^= fuzz_state << 17;
    return (fuzz_state >> 11) % n;
}

static inline void fuzz_hangs(int signal)
{
    static const char told[] = "FAILED: an input takes for ever\n";
    (void)signal;
    (void)!write(STDERR_FILENO, told, sizeof told - 1);
    _exit(1);
}

/* A minute for one input means that it does not end. */
static inline unsigned long fuzz_inputs(unsigned long otherwise)
{
    const char *asked = getenv("SWR_TEST_INPUTS");
    signal(SIGALRM, fuzz_hangs);
    return asked != NULL ? strtoul(asked, NULL, 10) : otherwise;
}
#endif

#endif
