#include "bench.h"

/* 32 slots to each power of two; below 32 ns one a nanosecond. */
static unsigned slot_of(uint64_t ns)
{
    unsigned power;

    if (ns < 32)
        return (unsigned)ns;
    power = 63 - (unsigned)__builtin_clzll(ns);
    return (power - 4) * 32 + (unsigned)(ns >> (power - 5)) - 32;
}

/* The largest duration that falls into the slot. */
static uint64_t end_of(unsigned slot)
{
    unsigned power = slot / 32 + 4;

    if (slot < 32)
        return slot;
    return ((uint64_t)(slot % 32 + 33) << (power - 5)) - 1;
}

void histogram_add(struct histogram *histogram, uint64_t ns)
{
    histogram->slot[slot_of(ns)]++;
    histogram->count++;
    if (ns > histogram->max)
        histogram->max = ns;
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
    for (unsigned slot = 0; slot < HISTOGRAM_SLOTS; slot++)
        into->slot[slot] += from->slot[slot];
    into->count += from->count;
    if (from->max > into->max)
        into->max = from->max;
}

uint64_t histogram_at(const struct histogram *histogram, double part)
{
    uint64_t wanted = (uint64_t)((double)histogram->count * part);
    uint64_t seen = 0;

    for (unsigned slot = 0; slot < HISTOGRAM_SLOTS; slot++) {
        seen += histogram->slot[slot];
        if (seen > wanted)
            return end_of(slot) < histogram->max ? end_of(slot) : histogram->max;
    }
    return histogram->max;
}
