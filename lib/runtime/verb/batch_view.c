#include "batch_view.h"
#include "runtime/registry/listener.h"
#include "core/mark.h"
#include "core/target.h"

#include <string.h>

/* To compute anew changes nothing. */
static bool writes(const struct note *n)
{
    return n->operation != SWRCACHE_OP_REFRESH;
}

static bool is_of(const struct note *n, const struct function *f, uint64_t hash)
{
    return writes(n) && n->function == f && n->hash == hash;
}

static bool tagged(const struct function *f, const char *tag)
{
    for (uint32_t i = 0; i < f->ntags; i++)
        if (f->tags[i].text != NULL && strcmp(f->tags[i].text, tag) == 0)
            return true;
    return false;
}

/* NULL: there is no memory to take it apart. */
static const struct target *target_of(struct batch *b, const struct note *n, bool *good)
{
    char why[256];
    *good = true;
    if (b->room == NULL && (b->room = os_alloc(sizeof *b->room)) == NULL)
        return NULL;
    *good = target_parse(b->room, (const char *)n->data, why, sizeof why);
    return b->room;
}

/* `key` NULL: some key of it. */
static bool text_means(const struct target *t, struct function *f, const struct key *key)
{
    char why[256];
    switch (t->kind) {
    case TARGET_ALL:
        return true;
    case TARGET_FUNCTION:
        return strcmp(t->name, f->site->name) == 0;
    case TARGET_CALL:
        return strcmp(t->name, f->site->name) == 0 && target_fits(t, &f->shape, why, sizeof why) &&
               (key == NULL || target_matches(t, &f->shape, key));
    case TARGET_REGION:
        return region_within_named(f->region, t->name);
    case TARGET_TAG:
        return tagged(f, t->name);
    case TARGET_EVENT:
        return listener_hears(f, t->name, SWRCACHE_OP_INVALIDATE) ||
               listener_hears(f, t->name, SWRCACHE_OP_EXPIRE);
    }
    return false;
}

/* When in doubt it is meant. */
static bool note_means(struct batch *b, const struct note *n, struct function *f, const struct key *key)
{
    bool good;
    const struct target *t = writes(n) ? target_of(b, n, &good) : NULL;
    return writes(n) && (t == NULL || (good && text_means(t, f, key)));
}

const struct note *batch_last(struct function *f, const struct key *key)
{
    struct batch *b = batch_open();
    const struct note *last = NULL, *n;
    if (b == NULL)
        return NULL;
    for (n = b->buckets[key->hash % BATCH_BUCKETS]; n != NULL && last == NULL; n = n->earlier)
        if (is_of(n, f, key->hash) && n->key_len == key->len && memcmp(n->data, key->bytes, key->len) == 0)
            last = n;
    for (n = b->texts; n != NULL && (last == NULL || n->number > last->number); n = n->earlier)
        if (note_means(b, n, f, key))
            return n;
    return last;
}

/* Of another function's key the entry has the hash alone: a pattern means all of its keys. */
static bool touches_function(struct batch *b, struct function *f)
{
    for (const struct note *n = b->texts; n != NULL; n = n->earlier)
        if (note_means(b, n, f, NULL))
            return true;
    return false;
}

static bool touches_key(struct batch *b, const struct mark_name *name)
{
    struct function *f = function_at(name->function);
    for (const struct note *n = b->buckets[name->hash % BATCH_BUCKETS]; n != NULL; n = n->earlier)
        if (is_of(n, f, name->hash))
            return true;
    return f != NULL && touches_function(b, f);
}

static bool touches_any(struct batch *b, const struct mark_name *name)
{
    struct function *f = function_at(name->function);
    for (const struct note *n = b->first; n != NULL; n = n->next)
        if (n->kind != NOTE_TEXT && n->function == f && writes(n))
            return true;
    return f != NULL && touches_function(b, f);
}

static bool touches_tag(struct batch *b, const char *tag)
{
    for (const struct note *n = b->texts; n != NULL; n = n->earlier) {
        bool good;
        const struct target *t = writes(n) ? target_of(b, n, &good) : NULL;
        if (writes(n) && (t == NULL || (good && t->kind == TARGET_TAG && strcmp(t->name, tag) == 0)))
            return true;
    }
    return false;
}

bool batch_touches(const struct entry *e)
{
    struct batch *b = batch_open();
    const struct mark_set *set = mark_set_of(e);
    for (uint32_t i = 0; b != NULL && set != NULL && i < set->count; i++) {
        const struct mark_name *name = &set->links[i].name;
        if (name->kind == MARK_TAG   ? touches_tag(b, name->text)
            : name->kind == MARK_KEY ? touches_key(b, name)
            : name->kind == MARK_ANY ? touches_any(b, name)
                                     : false)
            return true;
    }
    return false;
}
