/*
 * What calls come to in every mode, for every form of function: uncached and counted, cached and compared,
 * for a while, of some keys.
 */
#include "promise.h"

#include <math.h>

#include "base/epoch.h"
#include "runtime/call/call.h"
#include "runtime/compute/digest.h"
#include "runtime/compute/suspect.h"
#include "runtime/registry/mode.h"
#include "runtime/registry/observation.h"
#include "runtime/setting/option.h"

#define TIMES .ttl_ms = 10000, .stale_ms = 100000, .jitter_pct = 0

static _Atomic int world, bodies, fails, leaves;

SWR_CACHED(int, number, (SWR_VAL(int, n)), TIMES)
{
    bodies++;
    errno = 7;
    if (fails)
        swrcache_fail();
    if (leaves)
        pthread_exit(NULL);
    return n + world;
}

SWR_CACHED(double, real, (SWR_VAL(int, n)), TIMES)
{
    bodies++;
    /* The same by value: no number, and zero with either sign. */
    return world < 0 ? n + world : n == 0 ? (bodies % 2 ? NAN : -NAN) : (bodies % 2 ? 0.0 : -0.0);
}

SWR_CACHED_STRING(text, (SWR_STR(of)), TIMES)
{
    char *s = malloc(64);
    bodies++;
    snprintf(s, 64, "%s %d", of, world);
    return s;
}

SWR_CACHED_VOID(halves, (SWR_VAL(int, n), SWR_OUT(int, half), SWR_OUT_BYTES(rest, room), SWR_VAL(int, room)),
                TIMES)
{
    bodies++;
    *half = n / 2 + world;
    if (room > 0)
        ((char *)rest)[0] = 'r'; /* what follows is left as it was */
}

struct box {
    int references, number, unsaid;
};

static struct box *box_copy(const struct box *b)
{
    struct box *copy = malloc(sizeof *copy);
    *copy = *b;
    return copy;
}

static void box_free(struct box *b)
{
    free(b);
}

static struct box *box_new(int n)
{
    struct box *b = malloc(sizeof *b);
    bodies++;
    *b = (struct box){1, n + world, bodies};
    return b;
}

static size_t box_encode(const struct box *b, void *buffer, size_t room)
{
    if (room >= sizeof b->number)
        memcpy(buffer, &b->number, sizeof b->number);
    return sizeof b->number;
}

static struct box *box_decode(const void *bytes, size_t len)
{
    struct box *b = calloc(1, sizeof *b);
    memcpy(&b->number, bytes, len);
    return b;
}

SWR_CODEC(box_codec, struct box, box_encode, box_decode);
SWR_ENCODER(box_encoder, struct box, box_encode);

SWR_CACHED_OBJECT(struct box, boxed, (SWR_VAL(int, n)), box_copy, box_free, TIMES, .codec = box_codec)
{
    return box_new(n);
}

SWR_CACHED_OBJECT(struct box, kept, (SWR_VAL(int, n)), box_copy, box_free, TIMES, .codec = box_encoder)
{
    return box_new(n);
}

SWR_CACHED_OBJECT(struct box, opaque, (SWR_VAL(int, n)), box_copy, box_free, TIMES, .mode = SWR_MODE_SHADOW)
{
    return box_new(n);
}

SWR_CACHED(int, outer, (SWR_VAL(int, n)), TIMES)
{
    return number(n) * 10;
}

SWR_KEY(by_ten, (SWR_VAL(int, n)), buffer, room)
{
    return (size_t)snprintf(buffer, room, "%d", n / 10);
}
SWR_CACHED(int, tens, (SWR_VAL(int, n)), TIMES, .key = by_ten, .mode = SWR_MODE_OBSERVE, .percent = 30)
{
    bodies++;
    return n / 10;
}

static struct function *named(const char *name)
{
    for (uint32_t i = 0; i < function_count(); i++)
        if (strcmp(function_at(i)->site->name, name) == 0)
            return function_at(i);
    CHECK(!"there is such a function");
    exit(1);
}

static void set_mode(struct function *f, enum function_mode kind, uint32_t percent, uint64_t ms)
{
    mode_set(f, &(struct mode_wish){kind, percent, ms == 0 ? CLOCK_NEVER : ms * NS_PER_MS});
}

static enum function_mode mode(struct function *f)
{
    return mode_kind(mode_of(f));
}

static void for_a_while(void)
{
    struct function *f = named("number");
    bodies = 0;
    CHECK(number(1) == 1 && number(1) == 1 && bodies == 1);
    set_mode(f, FUNCTION_OFF, MODE_ALL, 10000);
    CHECK(number(1) == 1 && bodies == 2 && outcome() == SWR_BYPASS);
    swrcache_advance(6000);
    CHECK(mode_left(mode_of(f)) == 4000 && number(1) == 1 && bodies == 3);
    /* Another while does not lengthen the one that stays, nor become it. */
    set_mode(f, FUNCTION_OBSERVE, MODE_ALL, 3000);
    swrcache_advance(2999);
    CHECK(number(1) == 1 && bodies == 4 && mode(f) == FUNCTION_OBSERVE);
    swrcache_advance(1);
    /* The call itself finds the time passed; nothing of it is left in the way of a hit. */
    SWR_INVALIDATE_ALL(number);
    CHECK(number(1) == 1 && outcome() == SWR_MISS && atomic_load(&f->mode) == 0);
    CHECK(number(1) == 1 && outcome() == SWR_HIT);

    /* One that is off can be on for a while. */
    set_mode(f, FUNCTION_OFF, MODE_ALL, 0);
    set_mode(f, FUNCTION_ON, 50, 1000);
    CHECK(mode(f) == FUNCTION_ON && mode_percent(mode_of(f)) == 50);
    swrcache_advance(1000);
    CHECK(mode(f) == FUNCTION_OFF && mode_percent(mode_of(f)) == MODE_ALL);
    set_mode(f, FUNCTION_ON, MODE_ALL, 0);
    CHECK(atomic_load(&f->mode) == 0);
}

static void some_keys(void)
{
    struct function *f = named("number");
    int before = world, few = 0, half = 0, both = 0;
    static bool cached[2000];
    SWR_INVALIDATE_ALL(number);
    set_mode(f, FUNCTION_ON, 10, 0);
    for (int n = 0; n < 2000; n++) {
        number(n);
        cached[n] = outcome() == SWR_MISS;
        CHECK(number(n) == n + before && outcome() == (cached[n] ? SWR_HIT : SWR_BYPASS));
        few += cached[n];
    }
    CHECK(few > 140 && few < 260);
    /* Chosen by their content: of more keys these are a part, in every process the same. */
    SWR_INVALIDATE_ALL(number);
    set_mode(f, FUNCTION_ON, 50, 0);
    for (int n = 0; n < 2000; n++) {
        number(n);
        half += outcome() == SWR_MISS;
        both += outcome() == SWR_MISS && cached[n];
    }
    CHECK(half > 900 && half < 1100 && both == few);
    unsigned char bytes[] = {1, 0, 0, 0};
    CHECK(key_share(&f->shape, &(struct key){0, sizeof bytes, bytes}) == 44);
    int out;
    SWR_INVALIDATE_ALL(number);
    for (int n = 0; n < 200; n++)
        CHECK(SWR_FORCED(number, &out, n) && out == n + before);
    CHECK(function_live(f) > 60 && function_live(f) < 140);
    set_mode(f, FUNCTION_ON, MODE_ALL, 0);

    /* What computes stands on a call that went past the cache all the same. */
    set_mode(f, FUNCTION_OFF, MODE_ALL, 0);
    CHECK(outer(5) == 50 && outer(5) == 50 && outcome() == SWR_HIT);
    SWR_INVALIDATE_ALL(number);
    CHECK(outer(5) == 50 && outcome() == SWR_MISS);
    set_mode(f, FUNCTION_ON, MODE_ALL, 0);
}

static void observed(void)
{
    struct function *f = named("number");
    SWR_INVALIDATE_ALL(number);
    world = 0;
    set_mode(f, FUNCTION_OBSERVE, MODE_ALL, 0);
    bodies = 0;
    for (int i = 0; i < 6; i++) {
        errno = 0;
        CHECK(number(i % 3) == i % 3 && errno == 7 && outcome() == SWR_BYPASS);
    }
    swrcache_advance(2000);
    world = 1;
    number(0);
    swrcache_advance(20000);
    number(0);
    const struct observed_function *o = atomic_load(&f->observed);
    CHECK(bodies == 8 && function_live(f) == 0 && o != NULL);
    CHECK(o->calls == 8 && o->keys == 3 && o->uncounted == 0 && o->opaque == 0);
    CHECK(o->bytes == 3 * (sizeof(int) + sizeof(int)));
    CHECK(o->changes == 1 && o->shortest == 2000 * NS_PER_MS);
    /* Of a second: the three that came twice, the others are stale. Of ten: that of two seconds later, which
     * is outdated. */
    CHECK(o->hits[0] == 5 && o->differ[0] == 0 && o->stale_hits[0] == 2 && o->old[0] == 1);
    CHECK(o->hits[1] == 5 && o->differ[1] == 1 && o->stale_hits[1] == 1 && o->old[1] == 1);
    CHECK(o->hits[2] == 5 && o->differ[2] == 2);
    /* What was gathered stays until the next time. */
    set_mode(f, FUNCTION_ON, MODE_ALL, 0);
    number(0);
    CHECK(o->calls == 8);
    set_mode(f, FUNCTION_OBSERVE, MODE_ALL, 0);
    CHECK(o->calls == 0 && o->keys == 0);
    set_mode(f, FUNCTION_ON, MODE_ALL, 0);
    world = 0;

    /* Keys of one's own, and a part of them, from the start. */
    f = named("tens");
    set_mode(f, FUNCTION_OBSERVE, 30, 0);
    for (int n = 0; n < 1000; n++)
        CHECK(tens(n) == n / 10 && outcome() == SWR_BYPASS);
    o = atomic_load(&f->observed);
    CHECK(o != NULL && o->keys > 15 && o->keys < 45 && o->calls == 10 * o->keys);

    f = named("opaque");
    set_mode(f, FUNCTION_OBSERVE, MODE_ALL, 0);
    box_free(opaque(1));
    box_free(opaque(1));
    o = atomic_load(&f->observed);
    CHECK(o != NULL && o->calls == 2 && o->keys == 1 && o->opaque == 2 && o->changes == 0);
}

static void call_number(void)
{
    CHECK(number(3) == 3);
}

static void call_real(void)
{
    /* The first may end the caching. */
    CHECK(isnan(real(0)) && (real(1) == 0 || world != 0));
}

static void call_text(void)
{
    char *s = text("x");
    CHECK(strcmp(s, "x 0") == 0);
    free(s);
}

static void call_halves(void)
{
    int half;
    char rest[16] = "garbage garbage";
    rest[1] = (char)bodies;
    halves(8, &half, rest, sizeof rest);
    CHECK(half == 4 && rest[0] == 'r');
}

static void call_boxed(void)
{
    struct box *b = boxed(4);
    CHECK(b->number == 4);
    box_free(b);
}

static void call_kept(void)
{
    struct box *b = kept(4);
    CHECK(b->number == 4);
    box_free(b);
}

static void shadowed(const char *name, void (*call)(void))
{
    struct function *f = named(name);
    uint64_t before = function_counter(f, COUNTER_compared), compared;
    swrcache_invalidate("%s", name);
    world = 0;
    set_mode(f, FUNCTION_SHADOW, MODE_ALL, 0);
    bodies = 0;
    for (int i = 0; i < 100; i++)
        call();
    compared = function_counter(f, COUNTER_compared) - before;
    /* One hit in sixteen costs a call of the function, the others none. */
    CHECK(compared >= 6 && compared <= 14 && bodies <= 2 + (int)compared);
    /* Every refresh. */
    for (int i = 0; i < 6; i++) {
        uint64_t known = function_counter(f, COUNTER_compared);
        swrcache_advance(10001);
        for (int k = 0; k < 2; k++)
            call();
        CHECK(swrcache_drain(10000));
        CHECK(function_counter(f, COUNTER_compared) > known);
    }
    CHECK(function_counter(f, COUNTER_differed) == 0 && mode(f) == FUNCTION_SHADOW);

    /* Another world: the answers stay what they were as long as they are served, and then it ends. */
    world = -40;
    for (int i = 0; i < 800 && mode(f) == FUNCTION_SHADOW; i++) {
        call();
        swrcache_advance(i % 16 == 0 ? 251 : 0); /* nobody takes it back */
    }
    CHECK(mode(f) == FUNCTION_OFF && function_counter(f, COUNTER_differed) != 0);
    char line[SUSPECT_TEXT] = "", told[40];
    snprintf(told, sizeof told, "%s: shadow: ", name);
    CHECK(suspect_text(f, line) && strncmp(line, told, strlen(told)) == 0);
    CHECK(strstr(line, "it is not cached any more") != NULL);
    char source[40];
    mode_source(f, source, sizeof source);
    CHECK(strcmp(source, "shadow") == 0);
    world = 0;
    set_mode(f, FUNCTION_ON, MODE_ALL, 0);
}

/* What fails while it is compared says nothing of what is remembered, nor of who computes. */
static void failing(void)
{
    struct function *f = named("number");
    uint64_t before = function_counter(f, COUNTER_compared);
    swrcache_invalidate("all");
    CHECK(number(6) == 6);
    set_mode(f, FUNCTION_SHADOW, MODE_ALL, 0);
    fails = 1;
    bodies = 0;
    errno = 3;
    CHECK(outer(6) == 60 && bodies == 1 && errno == 3);
    CHECK(outer(6) == 60 && outcome() == SWR_HIT);
    fails = 0;
    CHECK(function_counter(f, COUNTER_compared) == before && mode(f) == FUNCTION_SHADOW);
    set_mode(f, FUNCTION_ON, MODE_ALL, 0);
}

static void *ending(void *unused)
{
    number(6);
    return unused;
}

/* A thread may end where the function runs beside the answer. */
static void leaving(void)
{
    struct function *f = named("number");
    pthread_t thread;
    void *end = NULL;
    swrcache_invalidate("all");
    CHECK(number(6) == 6);
    set_mode(f, FUNCTION_SHADOW, MODE_ALL, 0);
    leaves = 1;
    pthread_create(&thread, NULL, ending, &end);
    pthread_join(thread, &end);
    CHECK(end == NULL);
    leaves = 0;
    CHECK(number(6) == 6 && outcome() == SWR_HIT);
    swrcache_advance(20000);
    CHECK(number(6) == 6 && outcome() == SWR_STALE_HIT && swrcache_drain(10000));
    CHECK(number(6) == 6 && outcome() == SWR_HIT);
    set_mode(f, FUNCTION_ON, MODE_ALL, 0);
}

/* Objects of which only the address is known are not put in shadow, whoever asks. */
static void not_comparable(void)
{
    struct function *f = named("opaque");
    bool told = false;
    CHECK(!function_comparable(f) && mode(f) == FUNCTION_ON);
    for (uint32_t i = 0; option_complaint(i) != NULL; i++)
        told |= strncmp(option_complaint(i), "opaque: mode=shadow: ", 21) == 0;
    CHECK(told);
    CHECK(mode(named("tens")) == FUNCTION_OBSERVE && mode_percent(mode_of(named("tens"))) == 30);
    uint32_t all = mode_set_all(NULL, &(struct mode_wish){FUNCTION_SHADOW, MODE_ALL, CLOCK_NEVER});
    CHECK(all == function_count() - 1 && mode(f) == FUNCTION_ON && mode(named("text")) == FUNCTION_SHADOW);
    mode_set_all(NULL, &(struct mode_wish){FUNCTION_ON, MODE_ALL, CLOCK_NEVER});
    CHECK(mode(named("text")) == FUNCTION_ON);
}

static _Atomic int done;

static void *caller(void *unused)
{
    for (int i = 0; !done; i++) {
        int half;
        char rest[16];
        CHECK(number(i % 64) == i % 64);
        halves(i % 64, &half, rest, sizeof rest);
        CHECK(half == i % 64 / 2);
        call_text();
        call_kept();
    }
    return unused;
}

/* Nothing but what the mode says changes while others call. */
static void amid_calls(void)
{
    static const enum function_mode kinds[] = {FUNCTION_OFF, FUNCTION_SHADOW, FUNCTION_OBSERVE, FUNCTION_ON};
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, caller, NULL);
    for (int i = 0; i < 400; i++) {
        struct mode_wish wish = {kinds[i % 4], i % 3 == 0 ? 50 : MODE_ALL,
                                 i % 5 == 0 ? 100 * NS_PER_MS : CLOCK_NEVER};
        mode_set_all(NULL, &wish);
        swrcache_advance(i % 7 == 0 ? 4000 : 20);
        SWR_INVALIDATE(number, i % 64);
        for (int n = 0; n < 20; n++)
            CHECK(number(n) == n);
    }
    done = 1;
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    CHECK(swrcache_drain(10000));
    for (const char *const *name = (const char *const[]){"number", "halves", "text", "kept", NULL};
         *name != NULL; name++)
        CHECK(function_counter(named(*name), COUNTER_compared) > 0);
}

int main(int argc, char **argv)
{
    (void)argc;
    with_manual_clock(argv);
    number(0);
    not_comparable();
    for_a_while();
    some_keys();
    observed();
    shadowed("number", call_number);
    shadowed("real", call_real);
    shadowed("text", call_text);
    shadowed("halves", call_halves);
    shadowed("boxed", call_boxed);
    shadowed("kept", call_kept);
    failing();
    leaving();
    amid_calls();
    /* What is remembered goes, and with it the objects. */
    for (int n = 0; n < 5; n++)
        SWR_INVALIDATE(kept, n);
    for (int n = 0; n < 10; n++)
        epoch_collect();
    return finish("modes");
}
