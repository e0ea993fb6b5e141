/*
 * modes.c - a live process whose modes are changed, for tests of swrctl. Obeys lines as live.c does: each
 * answered by "done" and a number.
 */
#include <stdlib.h>
#include <string.h>

#include <swrcache.h>

#include "obey.h"

static int bodies, world;

SWR_CACHED(int, stock, (SWR_STR(item), SWR_OUT(int, left)), .region = "shop.stock", .ttl_ms = SWR_HOURS(5))
{
    bodies++;
    *left = (int)strlen(item) + world;
    swrcache_advance(2); /* what it takes, where time stands still */
    return (int)strlen(item);
}

SWR_CACHED(int, page, (SWR_VAL(int, n)), .region = "shop", .ttl_ms = SWR_HOURS(5), .percent = 25)
{
    bodies++;
    return n + world;
}

struct shelf {
    int number;
};

static struct shelf *copy(const struct shelf *s)
{
    struct shelf *new = malloc(sizeof *new);
    *new = *s;
    return new;
}

SWR_CACHED_OBJECT(struct shelf, shelf, (SWR_VAL(int, n)), copy, free, .region = "shop.shelves")
{
    bodies++;
    return copy(&(struct shelf){n});
}

SWR_INVALIDATES(int, restock, (SWR_STR(item)), ("stock(\"%s\")", item))
{
    return (int)strlen(item);
}

static void call(int n)
{
    static const char *const items[] = {"bolt", "nut", "gear", "hinge", "washer"};
    int left = -1;
    stock(items[n % 5], &left);
    (void)page(n);
    free(shelf(n % 5));
}

static int obey(const char *line)
{
    int before = bodies, n;
    if (sscanf(line, "calls %d", &n) == 1)
        for (int i = 0; i < n; i++)
            call(i);
    else if (sscanf(line, "world %d", &n) == 1)
        world = n;
    else if (sscanf(line, "advance %d", &n) == 1)
        swrcache_advance((uint64_t)n);
    else if (strcmp(line, "note") == 0)
        swrcache_put("shop.notes", "k", 1, "v", 1, 0);
    else if (strcmp(line, "write") == 0)
        restock("nut");
    else
        return -1;
    return bodies - before;
}
