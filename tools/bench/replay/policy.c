#include "policy.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Lists of keys by their numbers; a key is in one of them or in none. */
enum { NONE, RECENT, OFTEN, RECENT_GHOSTS, OFTEN_GHOSTS, LISTS };

struct lists {
    uint32_t *newer, *older; /* [keys + LISTS]: the last ones are the lists' ends */
    unsigned char *where;
    uint32_t keys;
    size_t length[LISTS];
};

static bool lists_open(struct lists *lists, size_t keys)
{
    *lists = (struct lists){.keys = (uint32_t)keys,
                            .newer = calloc(keys + LISTS, sizeof *lists->newer),
                            .older = calloc(keys + LISTS, sizeof *lists->older),
                            .where = calloc(keys, 1)};
    for (uint32_t list = 0; lists->newer && lists->older && list < LISTS; list++)
        lists->newer[lists->keys + list] = lists->older[lists->keys + list] = lists->keys + list;
    return lists->newer && lists->older && lists->where;
}

static void lists_close(struct lists *lists)
{
    free(lists->newer);
    free(lists->older);
    free(lists->where);
}

static void move(struct lists *lists, uint32_t key, unsigned char to)
{
    uint32_t end = lists->keys + to;

    if (lists->where[key] != NONE) {
        lists->older[lists->newer[key]] = lists->older[key];
        lists->newer[lists->older[key]] = lists->newer[key];
        lists->length[lists->where[key]]--;
    }
    lists->where[key] = to;
    if (to == NONE)
        return;
    lists->length[to]++;
    lists->older[key] = lists->older[end];
    lists->newer[key] = end;
    lists->newer[lists->older[end]] = key;
    lists->older[end] = key;
}

static void move_oldest(struct lists *lists, unsigned char from, unsigned char to)
{
    if (lists->length[from] > 0)
        move(lists, lists->newer[lists->keys + from], to);
}

static size_t lru(struct lists *lists, const uint32_t *numbers, size_t length, size_t entries)
{
    size_t hits = 0;

    for (size_t at = 0; at < length; at++) {
        if (lists->where[numbers[at]] == RECENT)
            hits++;
        else if (lists->length[RECENT] == entries)
            move_oldest(lists, RECENT, NONE);
        move(lists, numbers[at], RECENT);
    }
    return hits;
}

/* Megiddo and Modha, 'ARC: a self-tuning, low overhead replacement cache', 2003. `p` aims at RECENT's length.
 */
static void replace(struct lists *lists, size_t p, bool from_often)
{
    size_t recent = lists->length[RECENT];

    if (recent > 0 && (recent > p || (from_often && recent == p)))
        move_oldest(lists, RECENT, RECENT_GHOSTS);
    else
        move_oldest(lists, OFTEN, OFTEN_GHOSTS);
}

static void arc_miss(struct lists *lists, size_t p, size_t entries)
{
    size_t recent = lists->length[RECENT] + lists->length[RECENT_GHOSTS];
    size_t all = recent + lists->length[OFTEN] + lists->length[OFTEN_GHOSTS];

    if (recent == entries && lists->length[RECENT] == entries) {
        move_oldest(lists, RECENT, NONE);
    } else if (recent == entries) {
        move_oldest(lists, RECENT_GHOSTS, NONE);
        replace(lists, p, false);
    } else if (all >= entries) {
        if (all == 2 * entries)
            move_oldest(lists, OFTEN_GHOSTS, NONE);
        replace(lists, p, false);
    }
}

static size_t step(size_t other, size_t own)
{
    return other > own ? other / own : 1;
}

static size_t arc(struct lists *lists, const uint32_t *numbers, size_t length, size_t entries)
{
    size_t hits = 0, p = 0;

    for (size_t at = 0; at < length; at++) {
        uint32_t key = numbers[at];
        unsigned char where = lists->where[key];
        size_t ghosts = lists->length[RECENT_GHOSTS], often = lists->length[OFTEN_GHOSTS];

        if (where == RECENT || where == OFTEN) {
            hits++;
        } else if (where == RECENT_GHOSTS) {
            p += step(often, ghosts);
            p = p < entries ? p : entries;
            replace(lists, p, false);
        } else if (where == OFTEN_GHOSTS) {
            p -= step(ghosts, often) < p ? step(ghosts, often) : p;
            replace(lists, p, true);
        } else {
            arc_miss(lists, p, entries);
        }
        move(lists, key, where == NONE ? RECENT : OFTEN);
    }
    return hits;
}

bool policy_hits(const struct trace *trace, size_t entries, struct policy_hits *hits)
{
    struct lists first = {0}, second = {0};
    uint32_t *numbers = trace_numbers(trace);
    bool done = numbers && lists_open(&first, trace->unique) && lists_open(&second, trace->unique);

    if (done) {
        hits->lru = lru(&first, numbers, trace->length, entries);
        hits->arc = arc(&second, numbers, trace->length, entries);
    }
    lists_close(&first);
    lists_close(&second);
    free(numbers);
    return done;
}
