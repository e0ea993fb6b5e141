/*
 * bytes.h - short runs of bytes compared and copied in place: a call of memcmp() or memcpy() costs more than
 * the work. Pieces of a fixed size that overlap, so that few lengths have branches of their own.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t bytes_word(const void *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

static inline uint32_t bytes_half(const void *at)
{
    uint32_t half;
    memcpy(&half, at, sizeof half);
    return half;
}

/* What two runs of 16 bytes differ in. */
static inline uint64_t bytes_apart(const unsigned char *a, const unsigned char *b)
{
    return (bytes_word(a) ^ bytes_word(b)) | (bytes_word(a + 8) ^ bytes_word(b + 8));
}

static inline bool bytes_same(const unsigned char *a, const unsigned char *b, size_t len)
{
    if (len >= 16) {
        if (len > 64)
            return memcmp(a, b, len) == 0;
        uint64_t apart = bytes_apart(a, b) | bytes_apart(a + len - 16, b + len - 16);
        if (len > 32)
            apart |= bytes_apart(a + 16, b + 16) | bytes_apart(a + len - 32, b + len - 32);
        return apart == 0;
    }
    if (len >= 8)
        return ((bytes_word(a) ^ bytes_word(b)) | (bytes_word(a + len - 8) ^ bytes_word(b + len - 8))) == 0;
    if (len >= 4)
        return ((bytes_half(a) ^ bytes_half(b)) | (bytes_half(a + len - 4) ^ bytes_half(b + len - 4))) == 0;
    for (size_t at = 0; at < len; at++)
        if (a[at] != b[at])
            return false;
    return true;
}

/* Not overlapping. */
static inline void bytes_copy(unsigned char *to, const unsigned char *from, size_t len)
{
    if (len >= 16) {
        if (len > 64) {
            memcpy(to, from, len);
            return;
        }
        memcpy(to, from, 16);
        if (len > 32) {
            memcpy(to + 16, from + 16, 16);
            memcpy(to + len - 32, from + len - 32, 16);
        }
        memcpy(to + len - 16, from + len - 16, 16);
    } else if (len >= 8) {
        memcpy(to, from, 8);
        memcpy(to + len - 8, from + len - 8, 8);
    } else if (len >= 4) {
        memcpy(to, from, 4);
        memcpy(to + len - 4, from + len - 4, 4);
    } else {
        for (size_t at = 0; at < len; at++)
            to[at] = from[at];
    }
}

#endif
