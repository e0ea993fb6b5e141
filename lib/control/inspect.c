#include <stdlib.h>
#include <string.h>

#include "reply.h"
#include "request.h"
#include "tree.h"
#include "runtime/cache/cache.h"
#include "core/target.h"

enum { PAGE = 4096 };

/* Entries picked under the shards' locks, each with a reference, written once no lock is held. */
struct pick {
    struct function *f;
    struct entry *e;
    uint64_t rank;
    uint32_t shard, index; /* where it stood */
};

enum sort { SORT_NONE, SORT_AGE, SORT_HITS, SORT_SIZE, SORT_COST };

struct picking {
    struct pick *picks;
    size_t count, room;
    enum sort sort;
    const char *name, *match;
    uint32_t from, skip;   /* the first shard wanted, and how many of it were shown before */
    uint32_t shard, index; /* of the entry being shown */
    bool more;
    bool
        ranking; /* first walk of a sorted one: ranks alone, no references, for none may be given back here */
    uint64_t least; /* second walk: the rank to reach */
    size_t ties;    /* and how many of just that rank have room */
    uint64_t matched;
};

static bool above(const struct pick *a, const struct pick *b)
{
    return a->rank < b->rank;
}

static void sift(struct pick *heap, size_t count, size_t i)
{
    for (;;) {
        size_t least = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < count; child++)
            if (above(&heap[child], &heap[least]))
                least = child;
        if (least == i)
            return;
        struct pick t = heap[i];
        heap[i] = heap[least];
        heap[least] = t;
        i = least;
    }
}

static uint64_t rank_of(enum sort sort, const struct entry *e)
{
    switch (sort) {
    case SORT_AGE:
        return UINT64_MAX - entry_born(e);
    case SORT_HITS:
        return entry_hits(e);
    case SORT_SIZE:
        return entry_bytes(e);
    case SORT_COST:
        return entry_cost_us(e);
    default:
        return 0;
    }
}

static void pick_visit(struct function *f, struct entry *e, void *cookie)
{
    struct picking *w = cookie;
    char text[KEY_TEXT];
    uint32_t shard = table_shard_of(entry_hash(e));
    if (shard != w->shard) {
        w->shard = shard;
        w->index = 0;
    }
    uint32_t index = w->index++;
    if (f == NULL || shard < w->from || (shard == w->from && index < w->skip) || w->more ||
        !entry_is_of(e, atomic_load(&f->identity)) ||
        (w->name != NULL && strcmp(w->name, f->site->name) != 0))
        return;
    struct key key = entry_key(e);
    if (w->match != NULL) {
        reply_key_text(f, &key, text, sizeof text);
        if (!target_glob(w->match, text))
            return;
    }
    struct pick p = {f, e, rank_of(w->sort, e), shard, index};
    if (w->ranking) {
        w->matched++;
        p.e = NULL;
        if (w->count < w->room) {
            w->picks[w->count++] = p;
            if (w->count == w->room)
                for (size_t i = w->count / 2; i-- > 0;)
                    sift(w->picks, w->count, i);
        } else if (above(&w->picks[0], &p)) {
            w->picks[0] = p;
            sift(w->picks, w->count, 0);
        }
    } else if (p.rank < w->least || (w->sort != SORT_NONE && p.rank == w->least && w->ties == 0)) {
        return;
    } else if (w->count < w->room) {
        cache_ref(e);
        w->picks[w->count++] = p;
        w->ties -= p.rank == w->least && w->ties > 0;
    } else if (w->sort == SORT_NONE) {
        w->more = true;
        w->from = shard;
        w->skip = index;
    }
}

static int by_rank(const void *a, const void *b)
{
    const struct pick *x = a, *y = b;
    return x->rank < y->rank ? 1 : x->rank > y->rank ? -1 : 0;
}

void command_inspect(const struct wire_line *request, struct wire_buffer *out)
{
    static const char *const sorts[] = {"", "age", "hits", "size", "cost"};
    struct picking w = {
        .name = wire_get(request, "function"), .match = wire_get(request, "match"), .shard = UINT32_MAX};
    const char *sort = wire_get(request, "sort"), *tree = wire_get(request, "tree");
    uint64_t limit, from, skip;
    uint32_t at = 0;
    struct function *f = NULL;
    if (!request_number(request, "limit", PAGE, &limit) || !request_number(request, "from", 0, &from) ||
        !request_number(request, "skip", 0, &skip) || limit == 0) {
        reply_error(out, "limit, from and skip are numbers, limit above 0");
        return;
    }
    if (sort != NULL) {
        while (w.sort <= SORT_COST && strcmp(sorts[w.sort], sort) != 0)
            w.sort++;
        if (w.sort > SORT_COST || w.sort == SORT_NONE) {
            reply_error(out, "cannot sort by %.100s; sort by age, hits, size or cost", sort);
            return;
        }
    }
    if (w.name != NULL && (f = request_function(w.name, &at)) == NULL) {
        request_unknown(out, w.name);
        return;
    }
    if (f != NULL)
        function_release(f); /* its name is looked for */
    w.room = limit < PAGE ? limit : PAGE;
    w.from = (uint32_t)from;
    w.skip = (uint32_t)skip;
    w.picks = os_alloc(w.room * sizeof *w.picks);
    if (w.picks == NULL) {
        reply_error(out, "no memory");
        return;
    }
    if (w.sort != SORT_NONE) {
        w.ranking = true;
        cache_each(pick_visit, &w);
        w.least = w.count == w.room ? w.picks[0].rank : 0;
        w.ties = w.room;
        for (size_t i = 0; i < w.count; i++)
            w.ties -= w.picks[i].rank != w.least;
        w.ranking = false;
        w.count = 0;
        w.shard = UINT32_MAX;
    }
    cache_each(pick_visit, &w);
    if (w.sort != SORT_NONE)
        qsort(w.picks, w.count, sizeof *w.picks, by_rank);
    size_t shown = 0;
    bool full = false;
    for (size_t i = 0; i < w.count; i++) {
        if (!full) {
            reply_entry(out, w.picks[i].f, w.picks[i].e);
            if (tree != NULL && strcmp(tree, "0") != 0)
                tree_fields(out, w.picks[i].f, w.picks[i].e);
            full = !wire_end(out) ||
                   out->len + WIRE_STATUS_ROOM + 4 * KEY_TEXT + (tree != NULL ? TREE_TEXT : 0) > out->max;
            shown = i + 1;
            if (full && i + 1 < w.count && w.sort == SORT_NONE) {
                w.more = true;
                w.from = w.picks[i + 1].shard;
                w.skip = w.picks[i + 1].index;
            }
        }
        cache_unref(w.picks[i].e);
        cache_pause();
    }
    os_free(w.picks);
    reply_ok(out);
    wire_number(out, "matched", w.sort != SORT_NONE ? w.matched : shown);
    if (w.more) {
        wire_number(out, "next", w.from);
        wire_number(out, "next_skip", w.skip);
    }
}
