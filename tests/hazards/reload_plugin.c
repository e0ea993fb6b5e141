/* S13: the plug-in of reload.c, built twice: what it answers tells which build ran. */
#include "swrcache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reload.h"

const struct reload_plugin *plugin_tell(struct reload_host *host);

static struct reload_host *told;

SWR_REGION_POLICY("plug", .ttl_ms = 1000, .stale_ms = SWR_FOREVER, .jitter_pct = 0,
                  .invalidate_on = "plug.changed");

static int answer(int n)
{
    atomic_fetch_add(&told->bodies, 1);
    return BUILD * 1000 + n;
}

SWR_STATIC_CACHED(int, number, (SWR_VAL(int, n)), .region = "plug", .tags = "plugged")
{
    void (*amid)(int) = atomic_load(&told->amid);
    if (amid != NULL)
        amid(n);
    return answer(n);
}

SWR_STATIC_CACHED_STRING(word, (SWR_VAL(int, n)), .region = "plug")
{
    char text[40];
    snprintf(text, sizeof text, "%d", answer(n));
    return strdup(text);
}

static struct box *box_copy(const struct box *b)
{
    struct box *copy = malloc(sizeof *copy);
    if (copy != NULL)
        *copy = *b;
    atomic_fetch_add(&told->made, copy != NULL);
    return copy;
}

static void box_free(struct box *b)
{
    atomic_fetch_add(&told->freed, 1);
    free(b);
}

SWR_STATIC_CACHED_OBJECT(struct box, boxed, (SWR_VAL(int, n)), box_copy, box_free, .region = "plug")
{
    return box_copy(&(struct box){answer(n)});
}

static size_t box_encode(const struct box *b, void *buffer, size_t room)
{
    memcpy(buffer, b, room < sizeof *b ? room : sizeof *b);
    return sizeof *b;
}

static struct box *box_decode(const void *bytes, size_t len)
{
    return len == sizeof(struct box) ? box_copy(bytes) : NULL;
}

SWR_CODEC(box_bytes, struct box, box_encode, box_decode);

SWR_STATIC_CACHED_OBJECT(struct box, coded_box, (SWR_VAL(int, n)), box_copy, box_free, .region = "plug",
                         .codec = box_bytes)
{
    return box_copy(&(struct box){answer(n)});
}

static int coded(int n)
{
    struct box *b = coded_box(n);
    int value = b != NULL ? b->value : -1;
    if (b != NULL)
        box_free(b);
    return value;
}

SWR_KEY(by_half, (SWR_VAL(int, n)), buffer, room)
{
    return (size_t)snprintf(buffer, room, "%d", n / 2);
}

SWR_STATIC_CACHED(int, keyed, (SWR_VAL(int, n)), .region = "plug", .key = by_half)
{
    return answer(n);
}

SWR_STATIC_CACHED(int, step, (SWR_QUANTISED(int, n, 10)), .region = "plug")
{
    return answer(n);
}

SWR_STATIC_CACHED(int, warmed, (SWR_VAL(int, n)), .region = "plug", .keep_warm_ms = 500)
{
    return answer(n);
}

SWR_STATIC_INVALIDATES(int, rename_number, (SWR_VAL(int, n)), ("number(%d)", n))
{
    return n;
}

static const struct reload_plugin plugin = {BUILD, number, word,   boxed,         coded,
                                            keyed, step,   warmed, rename_number, box_free};

const struct reload_plugin *plugin_tell(struct reload_host *host)
{
    told = host;
    return &plugin;
}

/* Functions are still called while it goes: then they are what they are without a cache. */
__attribute__((destructor(200))) static void plugin_ends(void)
{
    if (told == NULL)
        return;
    if (number(77) != BUILD * 1000 + 77)
        abort();
    atomic_fetch_add(&told->ended, 1);
}
