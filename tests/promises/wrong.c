/*
 * Mode shadow ends the caching of a function whose answers are wrong, and only past the threshold. Which was
 * wrong, and how, is told, but of a secret nothing; and as long as it is so.
 */
#include "shadowed.h"

#include "runtime/registry/difference.h"

static _Atomic int hidden;

SWR_CACHED(int, forgets, (SWR_STR(what)), TIMES)
{
    return (int)strlen(what) + hidden;
}

SWR_CACHED_STRING(hides, (SWR_STR(user)), TIMES, .secret = true, .shadow_pct = 80)
{
    char *text = malloc(32);
    (void)user;
    snprintf(text, 32, "pin %d", 1000 + hidden);
    return text;
}

static void call_hides(void)
{
    free(hides("alice"));
}

/* Its answers are wrong: in so many of a hundred comparisons. */
static void wrong_in(int percent, void (*call)(void))
{
    for (int i = 0; i < 100 && mode_kind(mode_of(named("hides"))) == FUNCTION_SHADOW; i++) {
        hidden = i % 100 * 37 % 100 < percent;
        for (int k = 0; k < 16; k++)
            call();
        hidden = 0;
        wait_and_judge(MODE_SLOWEST / NS_PER_MS);
    }
}

static void wrong(void)
{
    struct function *f = named("forgets");
    char text[SUSPECT_TEXT], source[40];
    struct difference d;
    swrcache_invalidate("all");
    hidden = 0;
    forgets("a\033[31m");
    shadow("forgets");
    CHECK(!difference_last(f, &d) && !suspect_text(f, text));
    hidden = 5;
    swrcache_advance(250);
    forgets("a\033[31m");
    wait_and_judge(99);
    CHECK(!difference_last(f, &d));
    wait_and_judge(1);
    /* Which it was, and how: escaped. */
    CHECK(counted("forgets", (struct counts){.compared = 1, .differed = 1}));
    CHECK(difference_last(f, &d) && strcmp(d.key, "forgets(\"a\\033[31m\")") == 0);
    CHECK(strcmp(d.kept, "6") == 0 && strcmp(d.given, "11") == 0 && d.age == 250 * NS_PER_MS);
    CHECK(suspect_text(f, text) && strstr(text, "forgets: shadow: 1 of 1 answers differed") != NULL);
    CHECK(strstr(text, "forgets(\"a\\033[31m\"): 6, 250 ms old, where the function gave 11") != NULL);
    /* Not after a few, but when most are. */
    int rounds = 0;
    for (; mode_kind(mode_of(f)) == FUNCTION_SHADOW && rounds < 100; rounds++) {
        for (int k = 0; k < 16; k++)
            forgets("a\033[31m");
        wait_and_judge(MODE_SLOWEST / NS_PER_MS);
    }
    CHECK(rounds >= MODE_WINDOW - 1 && rounds <= MODE_WINDOW);
    mode_source(f, source, sizeof source);
    CHECK(mode_kind(mode_of(f)) == FUNCTION_OFF && strcmp(source, "shadow") == 0);
    CHECK(suspect_text(f, text) && strstr(text, "it is not cached any more") != NULL);
    /* It is not said any more when it is not so any more. */
    mode_set(f, &(struct mode_wish){FUNCTION_ON, MODE_ALL, CLOCK_NEVER});
    CHECK(!suspect_text(f, text));

    /* How many are too many can be said; of secrets nothing is told. */
    f = named("hides");
    hidden = 0;
    call_hides();
    shadow("hides");
    wrong_in(70, call_hides);
    CHECK(mode_kind(mode_of(f)) == FUNCTION_SHADOW && counts_of(f).differed > 50);
    CHECK(difference_last(f, &d) && strcmp(d.key, "hides(***)") == 0);
    CHECK(strcmp(d.kept, "***") == 0 && strcmp(d.given, "***") == 0);
    wrong_in(95, call_hides);
    CHECK(mode_kind(mode_of(f)) == FUNCTION_OFF);
    /* Or that none are. */
    CHECK(atomic_load(&f->settings.shadow_pct) == 80);
    atomic_store(&f->settings.shadow_pct, 100);
    shadow("hides");
    wrong_in(100, call_hides);
    CHECK(mode_kind(mode_of(f)) == FUNCTION_SHADOW && counts_of(f).differed - before.differed > 90);
    CHECK(suspect_text(f, text) && strstr(text, "while fresh") != NULL && strstr(text, "pin") == NULL);
}

/* However many differ at once, so many wait, and no more are compared meanwhile. */
static void bounded(void)
{
    struct function *f = named("forgets");
    swrcache_invalidate("all");
    hidden = 0;
    forgets("x");
    shadow("forgets");
    hidden = 1;
    for (int i = 0; i < 16000; i++)
        forgets("x");
    CHECK(counted("forgets", (struct counts){.compared = 0}));
    CHECK(atomic_load(&f->suspected) == 16);
    SWR_INVALIDATE(forgets, "x");
    wait_and_judge(100);
    CHECK(atomic_load(&f->suspected) == 0 && counted("forgets", (struct counts){.disturbed = 16}));
}

int main(int argc, char **argv)
{
    (void)argc;
    with_manual_clock(argv);
    forgets("");
    call_hides();
    swrcache_advance(1000);
    wrong();
    bounded();
    return finish("wrong");
}
