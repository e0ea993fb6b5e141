#include "apply.h"
#include "emit.h"
#include "target_check.h"
#include "runtime/cache/audit.h"
#include "runtime/registry/thread.h"
#include "runtime/setting/option.h"
#include "base/alive.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool match_target(struct function *f, const struct key *key, void *cookie)
{
    return target_matches(cookie, &f->shape, key);
}

/* Held. */
static struct function *named(const char *name, uint32_t *at)
{
    struct function *f;
    while ((f = function_next(at)) != NULL && strcmp(f->site->name, name) != 0)
        function_release(f);
    return f;
}

static bool meant(enum swrcache_operation operation, const struct target *t, const struct function *f,
                  char *why, size_t room)
{
    if (operation == SWRCACHE_OP_REFRESH && f->dictionary) {
        snprintf(why, room, "%.100s is a dictionary: what was put there nobody can compute again", t->name);
        return false;
    }
    return target_fits(t, &f->shape, why, room);
}

static bool run_function(enum swrcache_operation operation, const struct target *t,
                         const struct verb_filter *filter, bool dry, bool tools, struct applied *r)
{
    struct function *f;
    uint32_t at = 0;
    size_t named_so = 0;
    while ((f = named(t->name, &at)) != NULL) {
        named_so++;
        if (t->kind == TARGET_CALL && tools && function_secret(f)) {
            snprintf(r->why, sizeof r->why,
                     "%s is secret: its calls cannot be named here; write %s for all of it", t->name,
                     t->name);
            function_release(f);
            return false;
        }
        r->functions += meant(operation, t, f, r->why, sizeof r->why);
        function_release(f);
    }
    if (named_so != 0 && r->functions == 0)
        return false;
    r->unknown = named_so == 0;
    if (r->unknown)
        snprintf(r->why, sizeof r->why, "no function %.100s here", t->name);
    for (at = 0; (f = named(t->name, &at)) != NULL; function_release(f)) {
        char misfit[sizeof r->why];
        if (!meant(operation, t, f, misfit, sizeof misfit))
            continue; /* another function of that name is meant */
        if (t->kind == TARGET_CALL)
            r->matched += verb_filtered(operation, f, match_target, (void *)(uintptr_t)t, filter, dry);
        else if (filter != NULL)
            r->matched += verb_filtered(operation, f, NULL, NULL, filter, dry);
        else if (operation == SWRCACHE_OP_INVALIDATE)
            r->matched += verb_invalidate(f, NULL, NULL, dry);
        else
            r->matched += verb_run(operation, f, NULL, NULL, dry);
    }
    return true;
}

static void run_region(enum swrcache_operation operation, const char *name, const struct verb_filter *filter,
                       bool dry, struct applied *r)
{
    struct region *region = region_of(name, false);
    struct function **within = region != NULL ? region_functions(region, &r->functions) : NULL;
    r->unknown = region == NULL;
    if (r->unknown)
        snprintf(r->why, sizeof r->why, "no region %.100s here", name);
    if (filter == NULL)
        r->matched = verb_several(operation, within, r->functions, dry);
    else
        for (size_t i = 0; i < r->functions; i++)
            r->matched += verb_filtered(operation, within[i], NULL, NULL, filter, dry);
    region_free_functions(within, r->functions);
    if (region != NULL)
        region_release(region);
}

bool apply_target(enum swrcache_operation operation, const struct target *t, const struct verb_filter *filter,
                  bool dry, bool tools, struct applied *r)
{
    *r = (struct applied){0};
    if (filter != NULL && (t->kind == TARGET_TAG || t->kind == TARGET_EVENT)) {
        snprintf(r->why, sizeof r->why, "a tag or an event is not narrowed by age or size; name functions");
        return false;
    }
    switch (t->kind) {
    case TARGET_ALL:
        r->functions = function_known();
        r->matched = filter != NULL ? verb_filtered(operation, NULL, NULL, NULL, filter, dry)
                     : operation == SWRCACHE_OP_INVALIDATE ? verb_invalidate(NULL, NULL, NULL, dry)
                                                           : verb_run(operation, NULL, NULL, NULL, dry);
        return true;
    case TARGET_REGION:
        run_region(operation, t->name, filter, dry, r);
        return true;
    case TARGET_TAG:
        r->unknown = mark_count(mark_tag(t->name).id) == 0;
        if (r->unknown)
            snprintf(r->why, sizeof r->why, "no entry goes by the tag %.100s", t->name);
        r->matched = verb_tag(operation, t->name, dry);
        return true;
    case TARGET_EVENT: {
        struct emitted e = emit_event(t->name, dry);
        r->matched = e.entries;
        r->functions = e.functions;
        r->unknown = e.functions == 0;
        if (r->unknown)
            snprintf(r->why, sizeof r->why, "nobody listens to %.100s", t->name);
        return true;
    }
    default:
        return run_function(operation, t, filter, dry, tools, r);
    }
}

/* What a secret function is called with is written down nowhere. */
static const char *shown(const struct target *t, const char *text, char *masked, size_t room)
{
    struct function *f;
    bool secret = false;
    for (uint32_t at = 0; t->kind == TARGET_CALL && (f = named(t->name, &at)) != NULL; function_release(f))
        secret |= function_secret(f);
    snprintf(masked, room, "%.100s(***)", t->name);
    return secret ? masked : text;
}

size_t apply_as_text(enum swrcache_operation operation, const char *text, bool dry)
{
    struct target *t = os_alloc(sizeof *t);
    struct applied r = {0};
    char masked[AUDIT_TEXT];
    if (t == NULL) /* rather too much than a value that should be gone */
        return dry ? 0 : verb_invalidate(NULL, NULL, NULL, false);
    if (!target_parse(t, text, r.why, sizeof r.why)) {
        option_complain("%.200s: %s", text, r.why);
    } else {
        const char *name = shown(t, text, masked, sizeof masked);
        uint64_t act = dry ? 0 : audit_begin(operation, 0, name);
        bool passing = t->kind == TARGET_TAG; /* nothing goes by it just now */
        if (!apply_target(operation, t, NULL, dry, false, &r) || (r.unknown && !passing))
            option_complain("%.200s: %s", name, r.why);
        audit_end(act, r.matched);
    }
    os_free(t);
    return r.matched;
}

size_t apply_text(enum swrcache_operation operation, const char *text)
{
    return apply_as_text(operation, text, false);
}
