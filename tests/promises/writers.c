/*
 * Writers: after the body the targets are invalidated or expired, at once and together; not after
 * swrcache_fail(), which speaks of the innermost body; and always when nobody can say whether it wrote.
 */
#include "promise.h"

#include <setjmp.h>

static _Atomic int world[4], bodies;

SWR_CACHED(int, read_one, (SWR_VAL(int, id)), .ttl_ms = SWR_FOREVER)
{
    bodies++;
    swrcache_tag("one:%d", id);
    return world[id];
}

SWR_CACHED(int, read_all, (), .ttl_ms = SWR_FOREVER, .region = "writers.all")
{
    bodies++;
    return world[0] + world[1] + world[2] + world[3];
}

SWR_STATIC_INVALIDATES(int, write_one, (SWR_VAL(int, id), SWR_VAL(int, value), SWR_STR(how)),
                       ("tag:one:%d", id), ("region:writers"))
{
    if (strcmp(how, "not") == 0) {
        swrcache_fail();
        errno = EACCES;
        return -1;
    }
    world[id] = value;
    errno = ERANGE;
    return value;
}

SWR_STATIC_EXPIRES(void, touch_one, (SWR_VAL(int, id)), ("read_one(%d)", id))
{
    world[id]++;
}

SWR_STATIC_INVALIDATES(bool, create, (SWR_OUT(int, id), SWR_STR(name)), ("read_one(%d)", *id),
                       ("no:%s", name))
{
    *id = 2;
    world[2] = name != NULL ? 77 : 78;
    return true;
}

/* A writer that calls writers: each fails for itself. */
SWR_STATIC_INVALIDATES(int, write_both, (SWR_STR(inner), SWR_STR(outer)), ("read_one(1)"))
{
    world[1]++;
    write_one(3, world[3] + 1, inner);
    if (strcmp(outer, "not") == 0)
        swrcache_fail();
    return 0;
}

/* A cached body that calls one, and a writer that reads. */
SWR_CACHED(int, writing_reader, (SWR_VAL(int, x)), .ttl_ms = SWR_FOREVER)
{
    bodies++;
    write_one(0, x, "not");
    return x;
}

SWR_CACHED(int, failing, (SWR_VAL(int, x)), .ttl_ms = SWR_FOREVER)
{
    bodies++;
    swrcache_fail();
    return x;
}

SWR_STATIC_INVALIDATES(int, reading_writer, (SWR_VAL(int, x)), ("read_one(0)"))
{
    world[0] = x;
    return failing(x);
}

static void look(int id, int value, bool computed)
{
    bodies = 0;
    CHECK(read_one(id) == value);
    CHECK(bodies == computed);
}

static jmp_buf away;

SWR_STATIC_INVALIDATES(void, jump, (SWR_VAL(int, id)), ("read_one(%d)", id))
{
    world[id]++;
    longjmp(away, 1);
}

SWR_STATIC_INVALIDATES(void, die, (SWR_VAL(int, id)), ("read_one(%d)", id))
{
    world[id]++;
    pthread_exit(NULL);
}

static void *dying(void *unused)
{
    (void)unused;
    die(1);
    return NULL;
}

int main(int argc, char **argv)
{
    struct swrcache_info info;
    pthread_t thread;
    int id = 0;
    (void)argc;
    with_manual_clock(argv);

    CHECK(read_one(1) == 0 && read_one(2) == 0 && read_all() == 0);
    CHECK(write_one(1, 10, "so") == 10 && errno == ERANGE);
    look(1, 10, true);
    look(2, 0, false);
    bodies = 0;
    CHECK(read_all() == 10 && bodies == 1);

    /* It did not happen. */
    CHECK(write_one(1, 20, "not") == -1 && errno == EACCES);
    look(1, 10, false);
    /* The body by itself tells nobody. */
    CHECK(SWR_UNCACHED(write_one)(1, 30, "so") == 30);
    look(1, 10, false);
    CHECK(write_one(1, 30, "so") == 30);
    look(1, 30, true);

    /* Expired: the old value now, the new one soon. */
    touch_one(1);
    CHECK(read_one(1) == 30);
    CHECK(swrcache_drain(10000));
    CHECK(read_one(1) == 31);

    /* What the body has written to an out-parameter; a target that can never match harms nothing. */
    CHECK(create(&id, "x") && id == 2);
    look(2, 77, true);

    /* In each other. */
    read_one(3);
    write_both("so", "not");
    look(1, 31, false);
    look(3, 1, true);
    write_both("not", "so");
    look(1, 33, true);
    look(3, 1, false);

    /* In a cached body the writer fails, not the computation; and the other way round. */
    read_one(0);
    bodies = 0;
    CHECK(writing_reader(5) == 5 && writing_reader(5) == 5 && bodies == 1);
    swrcache_last(&info);
    CHECK(info.outcome == SWR_HIT);
    look(0, 0, false);
    CHECK(reading_writer(8) == 8);
    look(0, 8, true);

    /* In a batch they take effect with it. */
    swrcache_begin();
    write_one(1, 40, "so");
    look(1, 40, true); /* the thread's own write */
    CHECK(swrcache_commit());
    look(1, 40, true);
    swrcache_begin();
    write_one(1, 50, "so");
    CHECK(swrcache_rollback());
    look(1, 40, false);

    /* Left by longjmp: not told, and those that follow are not confused. */
    if (setjmp(away) == 0)
        jump(1);
    look(1, 40, false);
    write_one(1, 60, "so");
    look(1, 60, true);
    CHECK(write_one(1, 61, "not") == -1);
    look(1, 60, false);

    /* A thread that ends in the body has written, for all that is known. */
    CHECK(pthread_create(&thread, NULL, dying, NULL) == 0);
    pthread_join(thread, NULL);
    look(1, 61, true);
    return finish("writers");
}
