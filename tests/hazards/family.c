/*
 * S59: forked processes are one family. A verb that returned in one is obeyed by every other before its next
 * call, whether it has made a call yet or not: children by what the parent says, the parent and siblings by
 * what a child says, grandchildren. Every verb is tried in every direction.
 */
#include "hazard.h"

#include "runtime/cache/cache.h"
#include "runtime/verb/relatives.h"
#include "base/family.h"

#include <fcntl.h>

static long version = 1; /* what the world says; each process its own copy, told by a pipe */

SWR_CACHED(long, rate, (SWR_VAL(int, n)), .ttl_ms = SWR_FOREVER, .region = "shop.rates", .tags = "daily",
           .invalidate_on = "closed", .expire_on = "late")
{
    return version * 1000 + n;
}

SWR_CACHED_STRING(label, (SWR_STR(name)), .ttl_ms = SWR_FOREVER)
{
    char *text = NULL;
    return asprintf(&text, "%s-%ld", name, version) < 0 ? NULL : text;
}

SWR_CACHED(long, total, (SWR_VAL(int, n)), .ttl_ms = SWR_FOREVER)
{
    return rate(n) + 7;
}

SWR_CACHED(long, counted, (SWR_VAL(int, n)), .ttl_ms = SWR_FOREVER)
{
    long stock = 0;
    swrcache_get("stock", &n, sizeof n, &stock, sizeof stock);
    return stock;
}

SWR_INVALIDATES(int, close_day, (SWR_VAL(int, n)), ("rate(%d)", n))
{
    return n;
}

static void by_key(void)
{
    SWR_INVALIDATE(rate, 3);
}
static void by_text(void)
{
    swrcache_invalidate("rate(%d)", 3);
}
static void by_pattern(void)
{
    swrcache_invalidate("rate(<=5)");
}
static void by_function(void)
{
    SWR_INVALIDATE_ALL(rate);
}
static void by_name(void)
{
    swrcache_invalidate("rate");
}
static void by_region(void)
{
    swrcache_invalidate("region:shop");
}
static void by_tag(void)
{
    swrcache_invalidate("tag:daily");
}
static void by_event(void)
{
    swrcache_emit("closed");
}
static void by_all(void)
{
    swrcache_invalidate("all");
}
static void by_writer(void)
{
    close_day(3);
}
static void by_batch(void)
{
    swrcache_begin();
    SWR_INVALIDATE(rate, 3);
    swrcache_invalidate("label");
    swrcache_commit();
}

static void (*const verbs[])(void) = {by_key, by_text,  by_pattern, by_function, by_name, by_region,
                                      by_tag, by_event, by_all,     by_writer,   by_batch};
enum { VERBS = sizeof verbs / sizeof *verbs };

/* A process that does what it is told by a byte, and answers by another. */
struct member {
    pid_t pid;
    int to, from;
};

enum order {
    ORDER_CALL = 1,
    ORDER_WORLD,
    ORDER_VERB,
    ORDER_EXPIRE,
    ORDER_PUT,
    ORDER_REMOVE,
    ORDER_CHILD,
    ORDER_MANY,
    ORDER_END
};

struct message {
    int order, number;
    long value;
};

static void serve(int in, int out);

static struct member start(void)
{
    int to[2], from[2];
    struct member m = {0};
    if (pipe(to) != 0 || pipe(from) != 0)
        exit(2);
    m.pid = fork();
    if (m.pid == 0) {
        close(to[1]);
        close(from[0]);
        serve(to[0], from[1]);
    }
    close(to[0]);
    close(from[1]);
    m.to = to[1];
    m.from = from[0];
    return m;
}

static long told(const struct member *m, int order, int number, long value)
{
    struct message said = {order, number, value};
    if (write(m->to, &said, sizeof said) != sizeof said || read(m->from, &said, sizeof said) != sizeof said)
        return -1;
    return said.value;
}

static void stop(struct member *m)
{
    struct message said = {ORDER_END, 0, 0};
    CHECK(write(m->to, &said, sizeof said) == sizeof said);
    CHECK(wait_child(m->pid) == 0);
    close(m->to);
    close(m->from);
}

/* What is done the same in whichever process. */
static long act(int order, int number, long value)
{
    static struct member child;
    long got = 0;
    switch (order) {
    case ORDER_CALL: {
        char *text = label("x");
        long sum = total(3);
        got = rate(3);
        CHECK(number == 0 || sum == got + 7);
        CHECK(number < 2 || (text != NULL && atol(text + 2) == version));
        free(text);
        return got;
    }
    case ORDER_WORLD:
        version = value;
        return 0;
    case ORDER_VERB:
        verbs[number]();
        return 0;
    case ORDER_EXPIRE:
        return (long)SWR_EXPIRE(rate, 3);
    case ORDER_PUT:
        return swrcache_put("stock", &number, sizeof number, &value, sizeof value, 0);
    case ORDER_REMOVE:
        return swrcache_delete("stock", &number, sizeof number);
    case ORDER_MANY:
        for (int i = 0; i < value; i++)
            SWR_INVALIDATE(rate, 1000 + i);
        return 0;
    case ORDER_CHILD: /* a child of this one, which makes its first call now */
        child = start();
        told(&child, ORDER_WORLD, 0, version);
        got = told(&child, ORDER_CALL, number, 0);
        stop(&child);
        return got;
    default:
        return 0;
    }
}

static void serve(int in, int out)
{
    struct message said;
    watchdog(60);
    hazard_failures = 0;
    while (read(in, &said, sizeof said) == sizeof said && said.order != ORDER_END) {
        said.value = act(said.order, said.number, said.value);
        if (write(out, &said, sizeof said) != sizeof said)
            break;
    }
    exit(hazard_failures != 0);
}

/* Who: 0 is this process. */
static struct member members[4];

static long order(int who, int what, int number, long value)
{
    return who == 0 ? act(what, number, value) : told(&members[who], what, number, value);
}

static void the_world_is(long value)
{
    for (int who = 0; who < 4; who++)
        order(who, ORDER_WORLD, 0, value);
}

/* Every verb, said by every member, obeyed by every other: `silent` are those that made no call before. */
static void every_verb(void)
{
    for (int v = 0; v < VERBS; v++)
        for (int says = 0; says < 4; says++) {
            the_world_is(++version);
            order(says, ORDER_VERB, v, 0);
            for (int who = 0; who < 4; who++)
                CHECK(order(who, ORDER_CALL, 1 + (v == 8 || v == 10), 0) == version * 1000 + 3);
        }
}

static void expired(void)
{
    the_world_is(++version);
    CHECK(order(1, ORDER_EXPIRE, 0, 0) == 1);
    /* Stale now: what refreshes it here is a refresh of its own. */
    rate(3);
    CHECK(outcome() == SWR_STALE_HIT);
    for (int who = 0; who < 4; who++)
        for (int tries = 0; order(who, ORDER_CALL, 0, 0) != version * 1000 + 3; tries++) {
            CHECK(tries < 2000);
            if (tries >= 2000)
                return;
            pause_ms(5);
        }
}

/* What one puts is old in all others; what one has put itself stays. */
static void put_and_removed(void)
{
    long got = 0;
    int number = 5;
    CHECK(order(0, ORDER_PUT, 5, 10) == 1);
    CHECK(counted(5) == 10);
    struct member heir = start();
    CHECK(told(&heir, ORDER_PUT, 5, 11) == 1);
    CHECK(swrcache_get("stock", &number, sizeof number, &got, sizeof got) < 0);
    CHECK(counted(5) == 0);
    CHECK(order(0, ORDER_PUT, 5, 12) == 1);
    CHECK(swrcache_get("stock", &number, sizeof number, &got, sizeof got) == sizeof got && got == 12);
    CHECK(told(&heir, ORDER_REMOVE, 5, 0) == 0);
    CHECK(swrcache_get("stock", &number, sizeof number, &got, sizeof got) < 0);
    stop(&heir);
}

/* Those that have made no call at all, and their children. */
static void without_a_call(void)
{
    the_world_is(++version);
    by_key();
    CHECK(rate(3) == version * 1000 + 3);
    struct member silent = start(), parent = start();
    the_world_is(++version);
    told(&silent, ORDER_WORLD, 0, version);
    told(&parent, ORDER_WORLD, 0, version);
    by_key();
    CHECK(told(&silent, ORDER_CALL, 1, 0) == version * 1000 + 3);
    CHECK(told(&parent, ORDER_CHILD, 1, 0) == version * 1000 + 3);
    stop(&silent);
    stop(&parent);
}

/* More than the log holds: who was away drops what it has. */
static void overflowed(void)
{
    struct member away = start();
    CHECK(told(&away, ORDER_CALL, 1, 0) == version * 1000 + 3);
    the_world_is(++version);
    told(&away, ORDER_WORLD, 0, version);
    by_key();
    act(ORDER_MANY, 0, 2000);
    CHECK(told(&away, ORDER_CALL, 1, 0) == version * 1000 + 3);
    stop(&away);
}

/* A batch that is too long for one announcement, and keys that are. */
static void too_long(void)
{
    static char name[8000];
    struct member away = start();
    memset(name, 'y', sizeof name - 1);
    free(label(name));
    the_world_is(++version);
    told(&away, ORDER_WORLD, 0, version);
    SWR_INVALIDATE(label, name);
    char *text = label(name);
    CHECK(text != NULL && atol(text + sizeof name) == version);
    free(text);
    swrcache_begin();
    for (int i = 0; i < 3000; i++)
        SWR_INVALIDATE(rate, i);
    swrcache_commit();
    CHECK(told(&away, ORDER_CALL, 1, 0) == version * 1000 + 3);
    stop(&away);
}

/* A computation that began before a relative's verb is not kept after it. */
static int under_way[2];
static _Atomic int began;

SWR_CACHED(long, slowly, (SWR_VAL(int, n)), .ttl_ms = SWR_FOREVER)
{
    char byte;
    long seen = version;
    began++;
    CHECK(read(under_way[0], &byte, 1) == 1);
    return seen * 10 + n;
}

static void *leads(void *cookie)
{
    CHECK(slowly(1) / 10 == *(long *)cookie);
    return NULL;
}

static void fenced(void)
{
    long before = version;
    pthread_t leader;
    struct member child = start();
    CHECK(pipe(under_way) == 0);
    pthread_create(&leader, NULL, leads, &before);
    while (!began)
        pause_ms(1);
    version++;
    told(&child, ORDER_WORLD, 0, version);
    told(&child, ORDER_VERB, 8, 0); /* all */
    CHECK(write(under_way[1], "12", 2) == 2);
    pthread_join(leader, NULL);
    CHECK(slowly(1) / 10 == version);
    stop(&child);
}

static void obey_again(void)
{
    relatives_obey(NULL);
}

/* The control thread looks at its other clients between the pieces of a long walk, and what one of them asks
 * obeys first: also when that walk is itself what another process announced. */
static void obeyed_amid_obeying(struct member *child)
{
    version++;
    told(child, ORDER_WORLD, 0, version);
    told(child, ORDER_VERB, 2, 0); /* a pattern, for which all are walked over */
    cache_meanwhile = obey_again;
    relatives_obey(NULL);
    cache_meanwhile = NULL;
    CHECK(rate(3) == version * 1000 + 3);
}

static void counted_relatives(void)
{
    int left[2];
    char byte;
    CHECK(family_relatives() == 3);
    CHECK(pipe2(left, O_CLOEXEC) == 0);
    pid_t leaves = fork();
    if (leaves == 0)
        execl("/bin/sleep", "sleep", "100", (char *)NULL);
    close(left[1]);
    CHECK(read(left[0], &byte, 1) == 0); /* the exec closes the last end to write to */
    close(left[0]);
    CHECK(family_relatives() == 3);
    kill(leaves, SIGKILL);
    waitpid(leaves, NULL, 0);
}

int main(void)
{
    watchdog(100);
    CHECK(rate(3) == 1003 && total(3) == 1010);
    free(label("x"));
    for (int i = 1; i < 4; i++)
        members[i] = start();
    every_verb();
    counted_relatives();
    expired();
    put_and_removed();
    without_a_call();
    overflowed();
    too_long();
    fenced();
    obeyed_amid_obeying(&members[1]);
    for (int i = 1; i < 4; i++)
        stop(&members[i]);
    return finish("family");
}
