/* What nobody should do, done: batches without a beginning, a fork and a thread's end in one, odd keys and
 * names. */
#include "../promises/promise.h"

#include "runtime/setting/option.h"

#include <sys/wait.h>

SWR_CACHED(int, plain, (SWR_VAL(int, n)), .ttl_ms = SWR_FOREVER)
{
    return n + 1;
}

static bool complained(const char *of)
{
    for (uint32_t i = 0; option_complaint(i) != NULL; i++)
        if (strstr(option_complaint(i), of) != NULL)
            return true;
    return false;
}

/* Failures that cannot be. */
SWR_CACHED_STRING(negative_text, (void), .fails = SWR_FAILS_NEGATIVE)
{
    return strdup("-1");
}

SWR_CACHED(unsigned int, negative_unsigned, (void), .fails = SWR_FAILS_NEGATIVE)
{
    return 1;
}

SWR_CACHED_VOID(null_nothing, (SWR_OUT(int, n)), .fails = SWR_FAILS_NULL)
{
    *n = 0;
}

/* Names between commas. */
SWR_CACHED(int, comma_tags, (void), .tags = "one, two", .expire_on = "saved,  gone")
{
    return 1;
}

SWR_CACHED(int, blank_tags, (void), .tags = "one two,three", .invalidate_on = "saved gone")
{
    return 1;
}

/* And those that can. */
SWR_CACHED_STRING(null_text, (void), .fails = SWR_FAILS_NULL)
{
    return NULL;
}

SWR_CACHED(float, negative_number, (SWR_VAL(int, n)), .fails = SWR_FAILS_NEGATIVE)
{
    return (float)n;
}

SWR_CACHED(char, nonzero_letter, (void), .fails = SWR_FAILS_NONZERO)
{
    return 'x';
}

static enum swrcache_outcome plainly(void)
{
    (void)plain(1);
    return outcome();
}

/* Begins and leaves the end to its caller. */
SWR_CACHED(int, opens, (SWR_VAL(int, n)))
{
    swrcache_begin();
    swrcache_put("misuse", "opens", 5, "v", 1, 0);
    return n;
}

static _Atomic bool leaving;

/* A refresh of it begins a batch that nobody will end; what comes of that is not kept. */
SWR_CACHED(int, leaves, (SWR_VAL(int, n)), .ttl_ms = 1000, .stale_ms = SWR_FOREVER, .jitter_pct = 0)
{
    if (leaving) {
        swrcache_begin();
        swrcache_invalidate("plain");
    }
    return n;
}

SWR_CACHED(int, clears, (SWR_VAL(int, n)), .ttl_ms = 1000, .stale_ms = SWR_FOREVER, .jitter_pct = 0)
{
    swrcache_invalidate("plain");
    return n;
}

static void *ends_within(void *unused)
{
    (void)unused;
    swrcache_begin();
    swrcache_invalidate("plain");
    swrcache_put("misuse", "thread", 6, "v", 1, 0);
    return NULL;
}

static void batches(void)
{
    pthread_t thread;
    int status = -1;
    CHECK(!swrcache_commit() && !swrcache_rollback());
    plainly();
    swrcache_begin();
    swrcache_begin();
    CHECK(swrcache_invalidate("plain(1)") == 1 && swrcache_commit() && plainly() == SWR_BYPASS);
    CHECK(swrcache_commit() && plainly() == SWR_MISS && !swrcache_commit());
    /* To take back the inner one is to take back all: they are one. */
    swrcache_begin();
    swrcache_invalidate("plain");
    swrcache_begin();
    CHECK(swrcache_rollback() && !swrcache_commit() && plainly() == SWR_HIT);
    /* A child goes on with a batch of its own. */
    swrcache_begin();
    swrcache_put("misuse", "fork", 4, "v", 1, 0);
    pid_t child = fork();
    if (child == 0)
        _exit(!(swrcache_commit() && swrcache_has("misuse", "fork", 4)));
    waitpid(child, &status, 0);
    CHECK(status == 0 && swrcache_has("misuse", "fork", 4));
    CHECK(swrcache_commit() && swrcache_has("misuse", "fork", 4));
    /* Of a thread that ends within one nothing happens. */
    pthread_create(&thread, NULL, ends_within, NULL);
    pthread_join(thread, NULL);
    CHECK(plainly() == SWR_HIT && !swrcache_has("misuse", "thread", 6));
    CHECK(opens(1) == 1 && swrcache_has("misuse", "opens", 5));
    CHECK(swrcache_commit() && swrcache_has("misuse", "opens", 5));
}

static void workers(void)
{
    CHECK(leaves(1) == 1 && clears(1) == 1);
    leaving = true;
    swrcache_advance(2000);
    plainly();
    for (int i = 0; i < 4; i++) { /* each thread of the pool may have had one */
        CHECK(SWR_REFRESH(leaves, 1) == 1 && swrcache_drain(60000));
        CHECK(plainly() == SWR_HIT);
    }
    CHECK(complained("leaves: its refresh left a batch open"));
    for (int i = 0; i < 4; i++) {
        plainly();
        CHECK(SWR_REFRESH(clears, 1) == 1 && swrcache_drain(60000));
        CHECK(plainly() == SWR_MISS);
    }
}

/* Whatever of the program's own runs within a call may invalidate. */
static size_t reached;

static bool invalidates(void)
{
    reached += swrcache_invalidate("plain(1)");
    return false;
}

static bool fails(const void *result)
{
    return invalidates() || *(const int *)result < 0;
}

SWR_CACHED(int, callbacks, (SWR_VAL(int, n)), .unless = invalidates, .failed = fails)
{
    return plain(n);
}

static void callers(void)
{
    plainly();
    reached = 0;
    CHECK(callbacks(1) == 2 && reached == 2);
    CHECK(plainly() == SWR_MISS);
}

static void keys(void)
{
    enum { LONG = 1 << 20 };
    char buffer[16] = "", *key = malloc(LONG);
    memset(key, 'k', LONG);
    CHECK(swrcache_put("misuse", "", 0, NULL, 0, 0) && swrcache_get("misuse", "", 0, NULL, 0) == 0);
    CHECK(swrcache_has("misuse", NULL, 0) && swrcache_get("misuse", "none", 4, buffer, 16) == -1);
    CHECK(swrcache_put("misuse", "short", 5, "0123456789", 10, UINT64_MAX));
    CHECK(swrcache_get("misuse", "short", 5, buffer, 4) == 10 && memcmp(buffer, "0123\0", 5) == 0);
    CHECK(swrcache_get("misuse", "short", 5, NULL, 0) == 10);
    CHECK(swrcache_put("misuse", key, LONG, "v", 1, 0) && swrcache_get("misuse", key, LONG, buffer, 16) == 1);
    CHECK(!swrcache_has("misuse", key, LONG - 1));
    CHECK(swrcache_get("misuse", key, LONG, NULL, 16) == 1);
    CHECK(swrcache_delete("misuse", key, LONG) && !swrcache_has("misuse", key, LONG));
    CHECK(!swrcache_put("misuse", NULL, 3, "v", 1, 0) && !swrcache_put("misuse", "null", 4, NULL, 5, 0));
    CHECK(!swrcache_has("misuse", "null", 4));
    free(key);
}

static void failures_that_cannot_be(void)
{
    int n;
    free(negative_text());
    CHECK(negative_unsigned() == 1);
    null_nothing(&n);
    CHECK(null_text() == NULL && negative_number(-1) < 0 && nonzero_letter() == 'x');
    CHECK(complained("negative_text: .fails = SWR_FAILS_") &&
          complained("negative_unsigned: .fails = SWR_FAILS_") &&
          complained("null_nothing: .fails = SWR_FAILS_"));
    CHECK(comma_tags() + blank_tags() == 2);
    CHECK(complained("comma_tags: .tags = \"one, two\": names are separated by blanks alone") &&
          complained("comma_tags: .expire_on = \"saved,  gone\"") && !complained("blank_tags: "));
    CHECK(!complained("null_text: .fails = SWR_FAILS_") &&
          !complained("negative_number: .fails = SWR_FAILS_") &&
          !complained("nonzero_letter: .fails = SWR_FAILS_"));
}

static void names(void)
{
    static const char *const odd[] = {"", "a b", "a..b", ".a", "a.", "a*", "a:b", "a\nb", "\303\244", NULL};
    int written = 0;
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        CHECK(!swrcache_put(odd[i], "k", 1, "v", 1, 0) && swrcache_get(odd[i], "k", 1, NULL, 0) == -1);
        CHECK(!swrcache_has(odd[i], "k", 1) && !swrcache_delete(odd[i], "k", 1));
        CHECK(!swrcache_region_invalidate_on(odd[i], "event"));
    }
    CHECK(complained("\"a b\": write letters") && complained("\"a b\": no such name can be"));
    CHECK(swrcache_put("a-b.c_d.9", "k", 1, "v", 1, 0) && swrcache_invalidate("region:%s", "a-b") == 1);
    CHECK(!swrcache_region_invalidate_on("misuse", NULL) && !swrcache_region_invalidate_on("misuse", ""));
    CHECK(complained("\"misuse\": which event?"));
    /* Several events at once, as an annotation has them; and names that no target could hold. */
    CHECK(swrcache_region_invalidate_on("misuse.listens", "one  two") && !swrcache_emit("one two"));
    CHECK(swrcache_put("misuse.listens", "k", 1, "v", 1, 0) && swrcache_emit("one") == 1);
    CHECK(swrcache_put("misuse.listens", "k", 1, "v", 1, 0) && swrcache_emit("two") == 1);
    CHECK(complained("nobody listens to one two") && !swrcache_region_expire_on("misuse", "  "));
    char *name = malloc(3001);
    memset(name, 'n', 3000);
    name[3000] = 0;
    CHECK(!swrcache_region_invalidate_on("misuse", name) && complained("cannot be named"));
    CHECK(!swrcache_put(name, "k", 1, "v", 1, 0));
    name[1000] = 0;
    CHECK(swrcache_region_invalidate_on(name, name) && swrcache_put(name, "k", 1, "v", 1, 0));
    CHECK(swrcache_emit("%s", name) == 1 && swrcache_put(name, "k", 1, "v", 1, 0));
    CHECK(swrcache_invalidate("region:%s", name) == 1);
    free(name);
    CHECK(swrcache_invalidate("region:none") == 0 && complained("no region none here"));
    CHECK(swrcache_emit("nobody.listens") == 0 && swrcache_emit("%s", "") == 0 && swrcache_emit("a b") == 0);
    CHECK(swrcache_invalidate("%n", &written) == 0 && complained("is not one for targets"));
    CHECK(swrcache_invalidate("tag:%01500d", 7) == 0 && swrcache_expire("plain(%s)", "x") == 0);
}

/* One line each, and the room for them bounded. */
static void complaints(void)
{
    uint32_t n = 0;
    CHECK(complained("region \"a?b\""));
    for (int i = 0; i < 100; i++)
        swrcache_emit("nobody.%d", i);
    while (option_complaint(n) != NULL)
        n++;
    CHECK(n < 100 && strstr(option_complaint(n - 1), "there is more") != NULL);
}

int main(int argc, char **argv)
{
    (void)argc;
    with_manual_clock(argv);
    batches();
    failures_that_cannot_be();
    keys();
    names();
    callers();
    workers();
    complaints();
    return finish("misuse");
}
