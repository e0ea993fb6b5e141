/* An event reaches those that listen, each as it asked, and says how many. */
#include "../promises/promise.h"

#include "runtime/registry/listener.h"
#include "runtime/verb/emit.h"

static _Atomic int bodies;

SWR_CACHED(int, saved_user, (SWR_VAL(int, n)), .invalidate_on = "user.saved user.gone", .ttl_ms = SWR_FOREVER)
{
    bodies++;
    return n;
}

SWR_CACHED(int, listed_users, (SWR_VAL(int, n)), .expire_on = "user.saved", .ttl_ms = SWR_FOREVER)
{
    bodies++;
    return n;
}

SWR_CACHED(int, stocked, (SWR_VAL(int, n)), .region = "shop.stock", .ttl_ms = SWR_FOREVER)
{
    bodies++;
    return n;
}

static void fill(void)
{
    for (int n = 0; n < 4; n++)
        (void)(saved_user(n) + listed_users(n) + stocked(n));
}

int main(int argc, char **argv)
{
    (void)argc;
    with_manual_clock(argv);
    fill();
    CHECK(swrcache_region_invalidate_on("shop", "stock.changed"));
    CHECK(!swrcache_region_invalidate_on("shop..x", "stock.changed"));
    struct emitted would = emit_event("user.saved", true);
    CHECK(would.functions == 2 && would.entries == 8);
    bodies = 0;
    fill();
    CHECK(bodies == 0);
    CHECK(swrcache_emit("user.saved") == 8);
    CHECK(listed_users(1) == 1 && outcome() == SWR_STALE_HIT);
    CHECK(saved_user(1) == 1 && outcome() == SWR_MISS);
    CHECK(stocked(1) == 1 && outcome() == SWR_HIT);
    CHECK(swrcache_drain(60000));
    fill();
    CHECK(swrcache_emit("%s.%s", "stock", "changed") == 4);
    bodies = 0;
    CHECK(stocked(1) == 1 && bodies == 1);
    CHECK(swrcache_emit("user.gone") == 4);
    CHECK(swrcache_emit("user.sav*") == 0);
    CHECK(swrcache_emit("nobody.listens") == 0);
    CHECK(swrcache_invalidate("event:user.gone") == 0);
    return finish("events");
}
