#include "listener.h"
#include "runtime/setting/option.h"
#include "core/target.h"

#include <stdio.h>
#include <string.h>

struct listener {
    struct listener *next; /* of its region; set once */
    enum swrcache_operation operation;
    size_t len;
    char event[];
};

LOCK(listeners); /* to add one */

static struct listener *find(struct region *r, const char *event, size_t len,
                             enum swrcache_operation operation)
{
    for (struct listener *l = atomic_load(&r->listeners); l != NULL; l = l->next)
        if (l->operation == operation && l->len == len && memcmp(l->event, event, len) == 0)
            return l;
    return NULL;
}

static bool listen_to(struct region *r, const char *event, size_t len, enum swrcache_operation operation)
{
    bool done = true;
    if (len > TARGET_NAME_MAX) {
        option_complain("region \"%.80s\": the event %.40s... cannot be named: at most %d characters",
                        r->name, event, TARGET_NAME_MAX);
        return false;
    }
    lock_take(&listeners_lock);
    bool known = find(r, event, len, operation) != NULL, many = !known && r->nlisteners == LISTENERS_MOST;
    if (!known && !many) {
        struct listener *l = os_alloc(sizeof *l + len);
        done = l != NULL;
        if (done) {
            *l = (struct listener){atomic_load(&r->listeners), operation, len};
            memcpy(l->event, event, len);
            atomic_store(&r->listeners, l);
            r->nlisteners++;
        }
    }
    lock_give(&listeners_lock);
    if (many)
        option_complain("region \"%.80s\" listens to %d events, as many as it can: not to others", r->name,
                        (int)LISTENERS_MOST);
    return done && !many;
}

bool listener_add(struct region *r, const char *events, enum swrcache_operation operation)
{
    bool done = true;
    while (events != NULL && *events != 0) {
        size_t len = strcspn(events, " ");
        if (len != 0 && !listen_to(r, events, len, operation))
            done = false;
        events += len + strspn(events + len, " ");
    }
    return done;
}

static bool listed(const char *list, const char *event)
{
    size_t len = strlen(event);
    for (; list != NULL && *list != 0; list += strspn(list, " ")) {
        size_t one = strcspn(list, " ");
        if (one == len && memcmp(list, event, len) == 0)
            return true;
        list += one;
    }
    return false;
}

static bool configured_to_hear(const struct configured *g, const char *event, bool invalidate)
{
    return g != NULL && listed(invalidate ? g->invalidate_on : g->expire_on, event);
}

bool listener_hears(struct function *f, const char *event, enum swrcache_operation operation)
{
    bool invalidate = operation == SWRCACHE_OP_INVALIDATE;
    if (listed(invalidate ? f->annotated.invalidate_on : f->annotated.expire_on, event) ||
        configured_to_hear(f->configured, event, invalidate))
        return true;
    for (struct region *r = f->region; r != NULL; r = r->parent)
        if (find(r, event, strlen(event), operation) != NULL ||
            configured_to_hear(r->configured, event, invalidate))
            return true;
    return false;
}

struct listing {
    char *text;
    size_t room, len;
};

static void add(struct listing *l, const char *events, size_t len, const char *from, const char *name)
{
    for (const char *at = events, *end = events + len; at < end;) {
        const char *blank = memchr(at, ' ', (size_t)(end - at));
        size_t one = (size_t)((blank != NULL ? blank : end) - at);
        int n = snprintf(l->text + l->len, l->room - l->len, "%s%.*s (%s%s)", l->len != 0 ? ", " : "",
                         (int)one, at, from, name);
        if (n > 0)
            l->len += (size_t)n < l->room - l->len ? (size_t)n : l->room - l->len - 1;
        at += one;
        while (at < end && *at == ' ')
            at++;
    }
}

static void add_configured(struct listing *l, const struct configured *g, bool invalidate, const char *from,
                           const char *name)
{
    const char *events = g == NULL ? NULL : invalidate ? g->invalidate_on : g->expire_on;
    if (events != NULL)
        add(l, events, strlen(events), from, name);
}

void listener_heard(struct function *f, enum swrcache_operation operation, char *text, size_t room)
{
    struct listing l = {text, room, 0};
    bool invalidate = operation == SWRCACHE_OP_INVALIDATE;
    const char *annotated = invalidate ? f->annotated.invalidate_on : f->annotated.expire_on;
    text[0] = 0;
    if (annotated != NULL)
        add(&l, annotated, strlen(annotated), "annotation", "");
    add_configured(&l, f->configured, invalidate, "settings", "");
    for (struct region *r = f->region; r != NULL; r = r->parent) {
        for (struct listener *at = atomic_load(&r->listeners); at != NULL; at = at->next)
            if (at->operation == operation)
                add(&l, at->event, at->len, "region ", r->name);
        add_configured(&l, r->configured, invalidate, "settings of region ", r->name);
    }
}
