/*
 * S10: in a child that no handler of fork() told, every lock of the runtime may be held by a thread that is
 * not there. Nothing in the SDK takes one: all of them are counted, from a thread that the runtime knows,
 * from one that it has never seen, and from within a body.
 */
#include "hazard.h"

#include "base/lock.h"

SWR_REGION_POLICY("untold", .ttl_ms = 60000);

SWR_CACHED(long, twice, (SWR_VAL(long, n)), .region = "untold")
{
    swrcache_tag("twice:%ld", n);
    return 2 * n;
}

SWR_CACHED_STRING(spell, (SWR_STR(text)))
{
    return strdup(text);
}

SWR_INVALIDATES(int, save, (SWR_VAL(int, n)), ("tag:twice:%d", n), ("untold"))
{
    return n;
}

/* The first failure's number: a child has no other word. */
#define STEP(what)                                                                                           \
    do {                                                                                                     \
        number++;                                                                                            \
        if (!(what) || lock_taken != locks)                                                                  \
            return number;                                                                                   \
    } while (0)

static int everything(void)
{
    static char lengthy[4000];
    int number = 0;
    char value[8] = "";
    long result = 0;
    uint64_t locks = lock_taken;
    memset(lengthy, 'x', sizeof lengthy - 1);
    STEP(twice(1) == 2 && outcome() == SWR_BYPASS);
    STEP(twice(2) == 4 && twice(3000) == 6000);
    char *text = spell(lengthy);
    STEP(text != NULL && strcmp(text, lengthy) == 0);
    free(text);
    STEP(save(5) == 5);
    STEP(SWR_INVALIDATE(twice, 1) == 0);
    STEP(SWR_INVALIDATE_ALL(spell) == 0);
    STEP(SWR_EXPIRE(twice, 1) == 0);
    STEP(swrcache_invalidate("twice(%d)", 1) == 0 && swrcache_invalidate("region:untold") == 0);
    STEP(swrcache_expire("all") == 0);
    STEP(swrcache_emit("nobody.hears") == 0);
    swrcache_begin();
    STEP(!swrcache_put("untold.words", "a", 1, "b", 1, 0));
    STEP(!swrcache_commit());
    swrcache_begin();
    STEP(!swrcache_rollback());
    STEP(swrcache_get("untold.words", "a", 1, value, sizeof value) == -1);
    STEP(!swrcache_has("untold.words", "a", 1));
    STEP(!swrcache_delete("untold.words", "a", 1));
    STEP(!swrcache_region_invalidate_on("untold", "stock.changed"));
    STEP(!swrcache_region_invalidate_on("untold.new", "stock.changed"));
    swrcache_api->region_policy("untold", &(struct swrcache_policy){.ttl_ms = 1},
                                sizeof(struct swrcache_policy));
    swrcache_api->region_policy("untold.another", &(struct swrcache_policy){.ttl_ms = 1},
                                sizeof(struct swrcache_policy));
    swrcache_api->expect("save", "tag:another");
    STEP(swrcache_context() == NULL);
    swrcache_with(NULL);
    STEP(!SWR_PEEK(twice, &result, 1));
    STEP(SWR_FORCED(twice, &result, 1) && result == 2);
    swrcache_skip();
    swrcache_fail();
    swrcache_set_ttl(1, 1);
    swrcache_advance(1);
    STEP(swrcache_drain(0));
    return 0;
}

static int in_child(void)
{
    pid_t child = _Fork();
    if (child == 0) {
        alarm(60);
        _exit(everything());
    }
    return child > 0 ? wait_child(child) : -1;
}

static void *unseen(void *unused)
{
    (void)unused;
    CHECK(in_child() == 0);
    return NULL;
}

/* The child goes on in the body, and comes back through the call, with a batch open. */
SWR_CACHED(int, within, (SWR_VAL(int, n)), .tags = "within")
{
    pid_t child = _Fork();
    if (child == 0) {
        alarm(60);
        uint64_t locks = lock_taken;
        swrcache_tag("a:%d", n);
        int failed = everything();
        return failed != 0 ? failed : lock_taken != locks ? 100 : 0;
    }
    return child > 0 ? wait_child(child) : -1;
}

int main(void)
{
    watchdog(100);
    pid_t self = getpid();
    pthread_t thread;
    pthread_create(&thread, NULL, unseen, NULL);
    pthread_join(thread, NULL);
    CHECK(twice(1) == 2 && twice(1) == 2 && outcome() == SWR_HIT);
    CHECK(in_child() == 0);
    pthread_create(&thread, NULL, unseen, NULL);
    pthread_join(thread, NULL);
    swrcache_begin();
    CHECK(swrcache_invalidate("tag:nothing") == 0);
    int failed = within(1);
    if (getpid() != self)
        _exit(failed != 0 ? failed : swrcache_rollback() ? 101 : 0);
    if (failed != 0)
        fprintf(stderr, "FAILED: step %d\n", failed);
    CHECK(failed == 0);
    CHECK(swrcache_rollback());
    return finish("untold");
}
