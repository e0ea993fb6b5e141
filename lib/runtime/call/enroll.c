#include "enroll.h"
#include "renew.h"
#include "runtime/compute/custom_key.h"
#include "runtime/compute/result.h"
#include "runtime/cache/cache.h"
#include "runtime/cache/retune.h"
#include "runtime/registry/home.h"
#include "runtime/registry/mode.h"
#include "runtime/registry/region.h"
#include "runtime/registry/resolve.h"
#include "runtime/registry/site.h"
#include "runtime/registry/thread.h"
#include "runtime/setting/option.h"
#include "base/alive.h"
#include "base/clock.h"
#include "base/shelter.h"

#include <string.h>

static enum function_give give_of(const struct function *f)
{
    const struct swrcache_site *s = f->site;
    if (s->form == SWRCACHE_FORM_OBJECT || f->annotated.unless != NULL || f->custom_key != NULL)
        return GIVE_OTHER;
    if (s->form != SWRCACHE_FORM_VALUE || f->has_outs)
        return GIVE_RESULT;
    return s->result_size == 8                             ? GIVE_WORD
           : s->result_size == 4                           ? GIVE_HALF
           : s->result_size >= 16 && s->result_size <= 256 ? GIVE_SOME
                                                           : GIVE_RESULT;
}

static void set_tags(struct function *f, const char *tags)
{
    uint32_t count = 0;
    for (const char *at = tags; at != NULL && *at != 0; count++)
        at += strcspn(at, " "), at += strspn(at, " ");
    f->tags = count != 0 ? os_alloc(count * sizeof *f->tags) : NULL;
    for (const char *at = tags; f->tags != NULL && *at != 0; at += strspn(at, " ")) {
        size_t len = strcspn(at, " ");
        char *text = os_alloc(len + 1);
        if (text == NULL)
            return;
        memcpy(text, at, len);
        text[len] = 0;
        if (len != 0)
            f->tags[f->ntags++] = mark_tag(text);
        at += len;
    }
}

/* Who separates names by commas names others than he means. */
static void complain_commas(const char *name, const char *field, const char *names)
{
    if (names != NULL && strstr(names, ", ") != NULL)
        option_complain(
            "%s: .%s = \"%.200s\": names are separated by blanks alone, the commas are part of them", name,
            field, names);
}

static struct function *function_new(struct swrcache_site *site, uint32_t number, uint32_t counted,
                                     uint64_t identity, bool dictionary)
{
    struct function *f = os_zalloc(sizeof *f);
    if (f == NULL)
        return NULL;
    f->site = dictionary ? site : site_copy(site);
    if (f->site == NULL || !bits_of(&f->bits, f->site)) {
        if (!dictionary)
            os_free(f->site);
        os_free(f);
        return NULL;
    }
    site = f->site;
    site->function = f;
    f->number = number;
    f->annotated = *site->policy;
    f->first = identity;
    atomic_store(&f->identity, identity);
    key_shape_of(&f->shape, site, function_seed() ^ ((uint64_t)number * 0x9E3779B97F4A7C15u));
    f->shape.bits = &f->bits;
    for (uint32_t i = 0; i < site->nparams; i++) {
        uint32_t kind = site->params[i].kind;
        f->has_outs |=
            kind == SWRCACHE_KIND_OUT_BYTES || (kind == SWRCACHE_KIND_OUT && site->params[i].size != 0);
    }
    custom_key_shape(f);
    if (site->form == SWRCACHE_FORM_OBJECT && f->annotated.codec != NULL) {
        f->own_codec = *f->annotated.codec;
        f->encoder = &f->own_codec;
    }
    if (f->encoder != NULL && f->encoder->decode != NULL)
        f->codec = f->encoder;
    f->configured = configured_for("", site->name);
    struct setting_layer said = {0};
    setting_from_policy(&said, &f->annotated, site->name);
    setting_change(&f->own, &said, 0);
    if (f->annotated.region != NULL && (f->region = region_of(f->annotated.region, true)) == NULL)
        option_complain("%s: .region = \"%s\": write letters, digits, _ and - between dots; ignored",
                        site->name, f->annotated.region);
    const char *never = result_never_fails(site, f->annotated.fails);
    if (never != NULL)
        option_complain(
            "%s: .fails = %s: no result of it is that; call swrcache_fail() in the body, or name a "
            "test with .failed",
            site->name, never);
    complain_commas(site->name, "tags", f->annotated.tags);
    complain_commas(site->name, "invalidate_on", f->annotated.invalidate_on);
    complain_commas(site->name, "expire_on", f->annotated.expire_on);
    region_hand_down(f->region, &f->annotated);
    set_tags(f, f->annotated.tags);
    f->dictionary = dictionary;
    if (dictionary) {
        /* Its region is not kept by it: it goes with it. */
        f->kept = &f->region->kept;
        region_release(f->region);
    }
    setting_resolve(f);
    f->bounds = &cache_bounds;
    f->give = give_of(f);
    f->counted = counted;
    uint32_t block = counted == FUNCTION_UNCOUNTED ? (uint32_t)THREAD_BLOCKS : counted / THREAD_BLOCK;
    f->counts_at = (uint32_t)(offsetof(struct thread, blocks) + block * sizeof(void *));
    f->counts_row = (uint32_t)(counted % THREAD_BLOCK * sizeof(uint64_t[COUNTERS]));
    f->hit = function_way(f);
    return f;
}

static struct function *known(const struct swrcache_site *site)
{
    return __atomic_load_n((struct function *const *)&site->function, __ATOMIC_ACQUIRE);
}

/* What is known of a function that is new, or comes again. */
static void settle(struct function *f)
{
    setting_resolve(f);
    mode_begin(f);
    function_retune(f);
}

/* Between function_learn() and function_learnt(). */
static struct function *make(struct swrcache_site *site, struct home *home, bool dictionary)
{
    struct function *f = known(site);
    uint32_t number, counted;
    uint64_t identity;
    bool come = f == NULL && !dictionary && (f = renew_found(site)) != NULL;
    if (f == NULL && function_number(site->name, dictionary, &number, &counted, &identity) &&
        (f = function_new(site, number, counted, identity, dictionary)) != NULL) {
        function_add(f);
        region_add_function(f);
        come = true;
    }
    if (come) {
        home_move_in(f, home);
        /* Once more, now that others find it: a region may have been changed meanwhile. */
        settle(f);
        __atomic_store_n((struct function **)&site->function, f, __ATOMIC_RELEASE);
    }
    return f;
}

struct function function_gone = {.mode = FUNCTION_OFF,
                                 .counts_at = offsetof(struct thread, blocks[THREAD_BLOCKS]),
                                 .counted = FUNCTION_UNCOUNTED};

struct function *function_of(struct swrcache_site *site)
{
    struct function *f = known(site);
    return f == NULL ? function_enroll(site, NULL) : f != &function_gone ? f : NULL;
}

struct function *function_enroll(struct swrcache_site *site, struct home *home)
{
    if (alive_dead() || site->abi != SWRCACHE_ABI || site->size < SWRCACHE_SITE_LEAST ||
        site->nparams > KEY_MAX_PARAMS || site->policy_size < SWRCACHE_POLICY_LEAST)
        return NULL;
    struct shelter shelter;
    shelter_take(&shelter);
    function_learn();
    struct function *f = make(site, home, false);
    function_learnt();
    shelter_give(&shelter);
    return f;
}

struct function *function_make(struct swrcache_site *site, bool dictionary)
{
    return make(site, NULL, dictionary);
}
