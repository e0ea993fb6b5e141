/* setting.c - how settings are written, what a policy says of them, and what is said from outside the
 * program. */
#include <criterion/criterion.h>

#include "unit.h"

#include "runtime/setting/complaint.h"
#include "runtime/setting/configured.h"
#include "runtime/setting/mode_word.h"
#include "runtime/setting/option.h"
#include "runtime/setting/setting.h"
#include "core/target.h"
#include "base/clock.h"

#define MS NS_PER_MS

/* The environment is noted before main. */
__attribute__((constructor(101))) static void environment(void)
{
    setenv("SWR_SETTINGS",
           "region:shop ttl=2m stale=10m; quote ttl=5s mode=shadow percent=25 invalidate_on=\"a.b c\"\n"
           "quote ttl=6s expire_on=d;"
           "wrong ttl=5 nosuch=1 wait=1s percent=0 mode=maybe alone;*star ttl=1s;"
           "region:.bad ttl=1s;open ttl=\"1s",
           1);
    setenv("SWR_FILE_SETTINGS", "quote ttl=7s negative=3s invalidate_on=z; filed max_bytes=1G", 1);
}

static const struct setting_row *row_of(const char *name)
{
    for (uint32_t s = 0; s < SETTINGS; s++)
        if (strcmp(setting_rows[s].name, name) == 0)
            return &setting_rows[s];
    cr_assert_fail("no setting %s", name);
    return NULL;
}

Test(setting, is_read_as_it_is_written)
{
    const struct {
        const char *name, *text;
        bool good;
        uint64_t value;
    } cases[] = {
        {"ttl", "250ms", true, 250 * MS},
        {"ttl", "20s", true, 20000 * MS},
        {"wait", "5m", true, 300000 * MS},
        {"stale", "1h", true, 3600000 * MS},
        {"stale", "1d", true, 86400000 * MS},
        {"ttl", "1us", true, 1000},
        {"ttl", "inf", true, CLOCK_NEVER},
        {"ttl", "0", true, 0},
        {"ttl", "5", false, 0}, /* of what? */
        {"ttl", "", false, 0},
        {"ttl", "-1s", false, 0},
        {"ttl", "+1s", false, 0},
        {"ttl", " 1s", false, 0},
        {"ttl", "1s ", false, 0},
        {"ttl", "1.5s", false, 0},
        {"ttl", "1S", false, 0},
        {"ttl", "18446744073709551615ms", false, 0},
        {"ttl", "18446744073709551616ms", false, 0},
        {"max_entries", "0", true, 0},
        {"max_entries", "10", true, 10},
        {"max_entries", "inf", true, UINT64_MAX},
        {"max_entries", "18446744073709551615", true, UINT64_MAX},
        {"max_entries", "18446744073709551616", false, 0},
        {"max_entries", "10k", false, 0},
        {"max_entries", "infinite", false, 0},
        {"jitter_pct", "0", true, 0},
        {"jitter_pct", "100", true, 100},
        {"jitter_pct", "101", false, 0},
        {"jitter_pct", "inf", false, 0},
        {"jitter_pct", "5%", false, 0},
        {"shadow_pct", "1", true, 1},
        {"shadow_pct", "100", true, 100},
        {"shadow_pct", "0", false, 0},
        {"shadow_pct", "101", false, 0},
        {"max_bytes", "512", true, 512},
        {"max_bytes", "64M", true, 64u << 20},
        {"max_bytes", "64k", true, 64u << 10},
        {"max_bytes", "1G", true, 1u << 30},
        {"max_bytes", "inf", true, UINT64_MAX},
        {"max_bytes", "64MB", false, 0},
        {"max_bytes", "17179869184G", false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t value = 0;
        bool good = setting_parse(row_of(cases[i].name), cases[i].text, &value);
        cr_expect_eq(good, cases[i].good, "%s=%s", cases[i].name, cases[i].text);
        cr_expect(!good || value == cases[i].value, "%s=%s", cases[i].name, cases[i].text);
    }
}

/* Whoever wrote it wrongly writes next what the form shows. */
Test(setting, form_shows_what_is_read)
{
    for (uint32_t s = 0; s < SETTINGS; s++) {
        char form[80];
        uint64_t value;
        snprintf(form, sizeof form, "%s", setting_form(&setting_rows[s]));
        char *examples = strstr(form, "such as ");
        if (examples != NULL)
            for (char *word = strtok(examples + 8, ", "); word != NULL; word = strtok(NULL, ", "))
                cr_expect(setting_parse(&setting_rows[s], word, &value), "%s=%s", setting_rows[s].name, word);
        bool unbounded = setting_parse(&setting_rows[s], "inf", &value);
        cr_expect_eq(unbounded, strstr(setting_form(&setting_rows[s]), "inf") != NULL);
    }
}

Test(setting, names_are_all_of_them)
{
    char names[SETTING_NAMES_ROOM], *at = names;
    cr_assert_eq(setting_names(names), names);
    for (uint32_t s = 0; s < SETTINGS; s++) {
        cr_assert_eq(*at++, ' ');
        cr_assert_eq(strncmp(at, setting_rows[s].name, strlen(setting_rows[s].name)), 0);
        at += strlen(setting_rows[s].name);
    }
    cr_assert_eq(*at, 0);
}

static struct swrcache_policy silent(void)
{
    struct swrcache_policy p = {.percent = 0};
    for (uint32_t s = 0; s < SETTINGS; s++)
        memcpy((char *)&p + setting_rows[s].annotated, &(int64_t){SWRCACHE_UNSET}, sizeof(int64_t));
    return p;
}

static uint32_t complaints(void)
{
    uint32_t n = 0;
    while (option_complaint(n) != NULL)
        n++;
    return n;
}

Test(setting, of_a_policy_is_what_it_says)
{
    struct setting_layer layer = {.set = UINT32_MAX};
    struct swrcache_policy p = silent();
    setting_from_policy(&layer, &p, "f");
    cr_assert_eq(layer.set, 0, "what was there before is gone");
    p.ttl_ms = 0;
    p.stale_ms = SWR_FOREVER;
    p.wait_ms = SWR_FOREVER - 1; /* more nanoseconds than there are */
    p.negative_ms = 1500;
    p.max_entries = 0;
    p.jitter_pct = 100;
    p.percent = 100;
    setting_from_policy(&layer, &p, "f");
    cr_assert_eq(layer.set, 1u << SETTING_of_ttl | 1u << SETTING_of_stale | 1u << SETTING_of_wait |
                                1u << SETTING_of_negative | 1u << SETTING_of_max_entries |
                                1u << SETTING_of_jitter_pct | 1u << LAYER_PERCENT);
    cr_assert_eq(layer.values[SETTING_of_ttl], 0);
    cr_assert_eq(layer.values[SETTING_of_stale], CLOCK_NEVER);
    cr_assert_eq(layer.values[SETTING_of_wait], CLOCK_NEVER);
    cr_assert_eq(layer.values[SETTING_of_negative], 1500 * MS);
    cr_assert_eq(layer.values[SETTING_of_max_entries], 0);
    cr_assert_eq(layer.values[SETTING_of_jitter_pct], 100);
    cr_assert_eq(layer.values[LAYER_PERCENT], 100);
    cr_assert_eq(complaints(), 0);
}

Test(setting, of_a_policy_out_of_range_is_told_and_left_out)
{
    struct setting_layer layer;
    struct swrcache_policy p = silent();
    p.ttl_ms = -1;
    p.jitter_pct = 101;
    p.max_bytes = -7;
    p.percent = 101;
    p.stale_ms = 5;
    setting_from_policy(&layer, &p, "quote");
    cr_assert_eq(layer.set, 1u << SETTING_of_stale);
    cr_assert_eq(complaints(), 4);
    cr_assert_not_null(strstr(option_complaint(1), "quote: .ttl_ms = -1"));
}

Test(setting, of_a_policy_has_the_modes)
{
    const struct {
        enum swrcache_mode said;
        enum function_mode mode;
    } cases[] = {{SWR_MODE_ON, FUNCTION_ON},
                 {SWR_MODE_OFF, FUNCTION_OFF},
                 {SWR_MODE_SHADOW, FUNCTION_SHADOW},
                 {SWR_MODE_OBSERVE, FUNCTION_OBSERVE}};
    struct setting_layer layer;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct swrcache_policy p = silent();
        p.mode = cases[i].said;
        setting_from_policy(&layer, &p, "f");
        cr_expect_eq(layer.set, 1u << LAYER_MODE);
        cr_expect_eq(layer.values[LAYER_MODE], cases[i].mode, "case %zu", i);
    }
}

static void expect_value(const char *kind, const char *name, enum configured_by by, uint32_t s,
                         uint64_t value)
{
    const struct configured *g = configured_for(kind, name);
    cr_assert_not_null(g, "%s%s", kind, name);
    cr_assert(g->layers[by].set >> s & 1, "%s%s, %u", kind, name, s);
    cr_assert_eq(g->layers[by].values[s], value, "%s%s, %u", kind, name, s);
}

Test(configured, is_what_was_said_of_each)
{
    option_read();
    configured_read();
    expect_value("region:", "shop", CONFIGURED_BY_ENVIRONMENT, SETTING_of_ttl, 120000 * MS);
    expect_value("region:", "shop", CONFIGURED_BY_ENVIRONMENT, SETTING_of_stale, 600000 * MS);
    /* Of what is said twice the last counts, and what was said beside the first stays. */
    expect_value("", "quote", CONFIGURED_BY_ENVIRONMENT, SETTING_of_ttl, 6000 * MS);
    expect_value("", "quote", CONFIGURED_BY_ENVIRONMENT, LAYER_MODE, FUNCTION_SHADOW);
    expect_value("", "quote", CONFIGURED_BY_ENVIRONMENT, LAYER_PERCENT, 25);
    expect_value("", "quote", CONFIGURED_BY_FILE, SETTING_of_ttl, 7000 * MS);
    expect_value("", "quote", CONFIGURED_BY_FILE, SETTING_of_negative, 3000 * MS);
    expect_value("", "filed", CONFIGURED_BY_FILE, SETTING_of_max_bytes, 1u << 30);
    cr_assert_eq(configured_for("", "filed")->layers[CONFIGURED_BY_ENVIRONMENT].set, 0);
    cr_assert_str_eq(configured_for("", "quote")->invalidate_on, "a.b c", "the environment counts more");
    cr_assert_str_eq(configured_for("", "quote")->expire_on, "d");
    cr_assert_null(configured_for("", "shop"), "that is a region");
    cr_assert_null(configured_for("region:", "quote"));
    cr_assert_null(configured_for("", "nobody"));
}

Test(configured, wrongly_is_told_and_the_rest_counts)
{
    static const char *const told[] = {"ttl=5: write a time",
                                       "no setting nosuch; there are: ttl",
                                       "percent=0: write a number from 1 to 100",
                                       "mode=maybe: write observe, shadow, on or off",
                                       "alone: write NAME=VALUE",
                                       "*star: write a function's name",
                                       "region:.bad: write",
                                       "the closing quote is missing"};
    option_read();
    uint32_t before = complaints();
    configured_read();
    cr_assert_eq(complaints() - before, sizeof told / sizeof *told);
    for (uint32_t i = 0; i < sizeof told / sizeof *told; i++) {
        const char *line = option_complaint(before + i);
        size_t at = 0;
        int read = 0;
        cr_assert_eq(sscanf(line, "SWR_SETTINGS, character %zu: %n", &at, &read), 1, "%s", line);
        cr_expect(strncmp(line + read, told[i], strlen(told[i])) == 0, "%s", line);
        cr_expect(i != 0 || strncmp(getenv("SWR_SETTINGS") + at - 1, "ttl=5 ", 6) == 0, "%s", line);
    }
    expect_value("", "wrong", CONFIGURED_BY_ENVIRONMENT, SETTING_of_wait, 1000 * MS);
    cr_assert_eq(configured_for("", "wrong")->layers[CONFIGURED_BY_ENVIRONMENT].set, 1u << SETTING_of_wait);
    cr_assert_null(configured_for("", "*star"));
    cr_assert_null(configured_for("region:", ".bad"));
}

static uint32_t regions;
static void count_region(const char *name)
{
    cr_assert_str_eq(name, "shop");
    regions++;
}

Test(configured, shows_regions_and_functions_apart)
{
    const struct configured *at = NULL;
    uint32_t functions = 0;
    option_read();
    configured_read();
    configured_regions(count_region);
    cr_assert_eq(regions, 1);
    for (const char *name; (name = configured_function(&at)) != NULL; functions++)
        cr_assert(strncmp(name, "region:", 7) != 0);
    cr_assert_eq(functions, 4, "quote, wrong, open, filed");
}

Test(region, name_is_parts_between_dots)
{
    const struct {
        const char *name;
        bool valid;
    } cases[] = {{"shop", true}, {"shop.stock.eu", true}, {"a-b_c.9", true},     {"", false},
                 {".", false},   {"a.", false},           {".a", false},         {"a..b", false},
                 {"a b", false}, {"a/b", false},          {"caf\xc3\xa9", false}};
    char longest[TARGET_NAME_MAX + 2] = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect_eq(region_valid(cases[i].name), cases[i].valid, "%s", cases[i].name);
    memset(longest, 'a', TARGET_NAME_MAX);
    cr_expect(region_valid(longest));
    longest[TARGET_NAME_MAX] = 'a';
    cr_expect_not(region_valid(longest), "no target could name it");
}
