#include <string.h>

#include "core/mark.h"
#include "reply.h"
#include "request.h"
#include "runtime/region.h"

static void record(struct wire_buffer *out, const struct region *r)
{
    size_t count, entries = 0;
    uint64_t bytes = 0;
    struct function **within = region_functions(r, &count);
    for (size_t i = 0; within != NULL && i < count; i++) {
        entries += function_live(within[i]);
        bytes += atomic_load(&within[i]->bytes);
    }
    os_free(within);
    wire_field(out, "region", r->name);
    wire_number(out, "functions", count);
    wire_number(out, "entries", entries);
    wire_number(out, "bytes", bytes);
    wire_field(out, "dictionary", atomic_load(&r->dictionary) != NULL ? "yes" : "no");
    wire_end(out);
}

/* In the order of their names, so that what is within follows. */
static const struct region *after(const struct region *last)
{
    const struct region *next = NULL;
    for (const struct region *r = region_first(); r != NULL; r = r->next)
        if ((last == NULL || strcmp(r->name, last->name) > 0) &&
            (next == NULL || strcmp(r->name, next->name) < 0))
            next = r;
    return next;
}

void command_regions(const struct wire_line *request, struct wire_buffer *out)
{
    (void)request;
    for (const struct region *r = after(NULL); r != NULL; r = after(r))
        record(out, r);
    reply_ok(out);
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
    (void)request;
    mark_each_tag(tag_record, out);
    reply_ok(out);
}
