/* lib.h - how a generated function digests what it is given. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern _Atomic unsigned subject_calls, subject_crooked;
extern unsigned subject_epoch;
_Atomic unsigned subject_calls, subject_crooked; /* crooked: entered with a stack that is not aligned */
unsigned subject_epoch;

static __attribute__((unused)) uint64_t mix(uint64_t h, const void *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        h = (h ^ ((const unsigned char *)bytes)[i]) * UINT64_C(0x100000001B3);
    return h * UINT64_C(0x9E3779B97F4A7C15) + len;
}

static __attribute__((unused)) uint64_t mix_string(uint64_t h, const char *s)
{
    return s == NULL ? h * 3 + 1 : mix(h, s, strlen(s) + 1);
}

static uint64_t begin(int number, const void *frame)
{
    subject_calls++;
    subject_crooked += (uintptr_t)frame % 16 != 0;
    return ((uint64_t)number << 32) + subject_epoch + 12345;
}

static __attribute__((unused)) void fill(void *to, size_t len, uint64_t h)
{
    for (size_t i = 0; i < len; i++)
        ((unsigned char *)to)[i] = (unsigned char)(h >> i % 57);
}

static __attribute__((unused)) char *heap_string(uint64_t h)
{
    char *s = malloc(32);
    snprintf(s, 32, "%llx", (unsigned long long)h);
    return s;
}

static __attribute__((unused)) const char *static_string(uint64_t h)
{
    static __thread char s[32];
    snprintf(s, sizeof s, "%llx", (unsigned long long)h);
    return s;
}

/* All registers for arguments, none on the stack: for the look at those that a call must keep. */
double marked(int64_t a, int64_t b, int64_t c, int64_t d, int64_t e, int64_t f, double g, double h, double i,
              double j, double k, double l, double m, double n);
double marked(int64_t a, int64_t b, int64_t c, int64_t d, int64_t e, int64_t f, double g, double h, double i,
              double j, double k, double l, double m, double n)
{
    begin(0, __builtin_frame_address(0));
    return (double)(a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f) + g + 2 * h + 3 * i + 4 * j + 5 * k + 6 * l +
           7 * m + 8 * n + subject_epoch;
}
