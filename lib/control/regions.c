#include <stdlib.h>
#include <string.h>

#include "reply.h"
#include "request.h"
#include "runtime/cache/cache.h"
#include "runtime/registry/region.h"
#include "core/mark.h"

static void record(struct wire_buffer *out, const struct region *r)
{
    size_t count, entries = 0;
    uint64_t bytes = 0;
    struct function **within = region_functions(r, &count);
    for (size_t i = 0; within != NULL && i < count; i++) {
        entries += function_live(within[i]);
        bytes += atomic_load(&within[i]->bytes);
    }
    region_free_functions(within, count);
    wire_field(out, "region", r->name);
    wire_number(out, "functions", count);
    wire_number(out, "entries", entries);
    wire_number(out, "bytes", bytes);
    wire_field(out, "dictionary", atomic_load(&r->dictionary) != NULL ? "yes" : "no");
    wire_end(out);
}

/* Names in the order of a tree: a dot comes before whatever else a name may go on with. */
static int compare(const void *a, const void *b)
{
    struct region *const *x = a, *const *y = b;
    const char *m = (*x)->name, *n = (*y)->name;
    for (; *m != 0 && *m == *n; m++, n++)
        continue;
    int i = *m == '.' ? 1 : (unsigned char)*m, j = *n == '.' ? 1 : (unsigned char)*n;
    return i - j;
}

static bool full(const struct wire_buffer *out)
{
    return out->len + 4 * KEY_TEXT + WIRE_STATUS_ROOM > out->max;
}

void command_regions(const struct wire_line *request, struct wire_buffer *out)
{
    uint64_t from, skip;
    size_t count, n;
    if (!request_page(request, &from, &skip, out))
        return;
    struct region **all = region_all(&count);
    if (all == NULL) {
        reply_error(out, "no memory");
        return;
    }
    qsort(all, count, sizeof *all, compare);
    for (n = from < count ? (size_t)from : count; n < count && !full(out); n++) {
        record(out, all[n]);
        cache_pause();
    }
    region_free_all(all, count);
    reply_ok(out);
    if (n < count)
        wire_number(out, "next", n);
}

static void tag_record(const char *text, uint32_t entries, void *cookie)
{
    struct wire_buffer *out = cookie;
    wire_field(out, "tag", text);
    wire_number(out, "entries", entries);
    wire_end(out);
}

void command_tags(const struct wire_line *request, struct wire_buffer *out)
{
    struct mark_place place;
    uint64_t from, skip;
    bool more;
    if (!request_page(request, &from, &skip, out))
        return;
    place = (struct mark_place){(uint32_t)from, (size_t)skip};
    do
        more = mark_some_tags(&place, tag_record, out);
    while (more && !full(out));
    reply_ok(out);
    if (more) {
        wire_number(out, "next", place.shard);
        wire_number(out, "next_skip", place.bucket);
    }
}
