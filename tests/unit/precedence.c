/* precedence.c - which of the layers of a function and of its regions decides a setting. */
#include <criterion/criterion.h>

#include "unit.h"

#include "runtime/registry/resolve.h"
#include "base/clock.h"

enum { LAYERS = 12 };

static struct function f;
static struct configured *outside[3]; /* what is said of the function, of its region, of the one around */

struct place {
    struct setting_layer *layer;
    const char *source;
};

/* From the one that counts least to the one that counts most. */
static void places(struct place *p)
{
    f.region = region_of("shop.stock", true);
    cr_assert_not_null(f.region);
    for (int i = 0; i < 3; i++)
        outside[i] = calloc(1, sizeof *outside[i] + 1);
    f.configured = outside[0];
    f.region->configured = outside[1];
    f.region->parent->configured = outside[2];
    struct region *inner = f.region, *outer = f.region->parent;
    const struct place all[LAYERS] = {
        {&outer->policy, "region shop"},
        {&outside[2]->layers[CONFIGURED_BY_FILE], "region shop, config"},
        {&outside[2]->layers[CONFIGURED_BY_ENVIRONMENT], "region shop, environment"},
        {&outer->set, "region shop, set"},
        {&inner->policy, "region shop.stock"},
        {&outside[1]->layers[CONFIGURED_BY_FILE], "region shop.stock, config"},
        {&outside[1]->layers[CONFIGURED_BY_ENVIRONMENT], "region shop.stock, environment"},
        {&inner->set, "region shop.stock, set"},
        {&f.own, "annotation"},
        {&outside[0]->layers[CONFIGURED_BY_FILE], "config"},
        {&outside[0]->layers[CONFIGURED_BY_ENVIRONMENT], "environment"},
        {&f.set, "set"},
    };
    memcpy(p, all, sizeof all);
}

static void expect_ttl(uint64_t value, const char *source)
{
    char text[80];
    uint64_t given = 77;
    setting_resolve(&f);
    setting_source(&f, SETTING_of_ttl, text, sizeof text);
    cr_expect_str_eq(text, source);
    cr_expect_eq(setting_of(&f, SETTING_of_ttl), value, "%s", source);
    cr_expect_eq(setting_given(&f, SETTING_of_ttl, &given), strcmp(source, "default") != 0, "%s", source);
    cr_expect_eq(given, strcmp(source, "default") != 0 ? value : 77, "%s", source);
}

Test(precedence, is_the_same_up_and_down)
{
    const uint64_t unset = setting_rows[SETTING_of_ttl].value;
    struct place p[LAYERS];
    places(p);
    expect_ttl(unset, "default");
    for (uint64_t i = 0; i < LAYERS; i++) {
        struct setting_layer change = {.set = 1u << SETTING_of_ttl, .values[SETTING_of_ttl] = 1000 + i};
        setting_change(p[i].layer, &change, 0);
        expect_ttl(1000 + i, p[i].source);
    }
    for (uint64_t i = LAYERS; i-- > 0;) {
        static const struct setting_layer nothing;
        setting_change(p[i].layer, &nothing, 1u << SETTING_of_ttl);
        expect_ttl(i == 0 ? unset : 1000 + i - 1, i == 0 ? "default" : p[i - 1].source);
    }
}

/* Any two of them, without those in between. */
Test(precedence, holds_between_any_two)
{
    struct place p[LAYERS];
    places(p);
    for (uint32_t low = 0; low < LAYERS; low++)
        for (uint32_t high = low + 1; high < LAYERS; high++) {
            *p[low].layer = (struct setting_layer){1u << SETTING_of_ttl, {[SETTING_of_ttl] = 1}};
            *p[high].layer = (struct setting_layer){1u << SETTING_of_ttl, {[SETTING_of_ttl] = 2}};
            expect_ttl(2, p[high].source);
            *p[low].layer = *p[high].layer = (struct setting_layer){.set = 0};
        }
}

Test(precedence, is_of_each_setting_by_itself)
{
    struct place p[LAYERS];
    places(p);
    setting_change(&f.set, &(struct setting_layer){1u << SETTING_of_wait, {[SETTING_of_wait] = 5}}, 0);
    setting_change(&f.own, &(struct setting_layer){1u << SETTING_of_ttl, {[SETTING_of_ttl] = 6}}, 0);
    expect_ttl(6, "annotation");
    cr_assert_eq(setting_of(&f, SETTING_of_wait), 5);
    for (uint32_t s = 0; s < SETTINGS; s++)
        if (s != SETTING_of_wait && s != SETTING_of_ttl)
            cr_expect_eq(setting_of(&f, s), setting_rows[s].value, "%s", setting_rows[s].name);
}

Test(precedence, what_is_changed_and_unset_at_once_is_unset)
{
    setting_change(&f.set, &(struct setting_layer){3, {1, 2}}, 1);
    cr_assert_eq(f.set.set, 2);
    cr_assert_eq(f.set.values[1], 2);
}

/* Nobody computes what is put: without a word it neither lives on nor is spread. */
Test(precedence, of_a_dictionary_has_defaults_of_its_own)
{
    f.dictionary = true;
    setting_resolve(&f);
    cr_assert_eq(setting_of(&f, SETTING_of_stale), 0);
    cr_assert_eq(setting_of(&f, SETTING_of_stale_if_error), 0);
    cr_assert_eq(setting_of(&f, SETTING_of_jitter_pct), 0);
    cr_assert_eq(setting_of(&f, SETTING_of_ttl), setting_rows[SETTING_of_ttl].value);
    setting_change(&f.set, &(struct setting_layer){1u << SETTING_of_stale, {[SETTING_of_stale] = 9}}, 0);
    setting_resolve(&f);
    cr_assert_eq(setting_of(&f, SETTING_of_stale), 9);
}
