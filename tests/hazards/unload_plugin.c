/* S13: the plug-in of unload.c, built twice: its values and their release function live in it. */
#include "swrcache.h"

#include <stdlib.h>

#include "unload.h"

struct box *box_copy(const struct box *b);
void box_free(struct box *b);
void plugin_tell(struct unload_host *host);

static struct unload_host *told;

struct box *box_copy(const struct box *b)
{
    struct box *copy = malloc(sizeof *copy);
    if (copy != NULL) {
        *copy = *b;
        __atomic_fetch_add(&told->made, 1, __ATOMIC_SEQ_CST);
    }
    return copy;
}

void box_free(struct box *b)
{
    __atomic_fetch_add(&told->freed, 1, __ATOMIC_SEQ_CST);
    free(b);
}

void plugin_tell(struct unload_host *host)
{
    told = host;
}

SWR_CACHED_OBJECT(struct box, boxed, (SWR_STR(name), SWR_VAL(int, n)), box_copy, box_free, .ttl_ms = 1000,
                  .stale_ms = SWR_FOREVER, .jitter_pct = 0)
{
    struct box *b = malloc(sizeof *b);
    (void)name;
    if (b != NULL)
        *b = (struct box){n * BUILD, __atomic_add_fetch(&told->made, 1, __ATOMIC_SEQ_CST)};
    return b;
}

__attribute__((destructor(200))) static void plugin_ends(void)
{
    if (told != NULL)
        __atomic_fetch_add(&told->ended, 1, __ATOMIC_SEQ_CST);
}
