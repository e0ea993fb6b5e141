#include "dictionary.h"
#include "runtime/call/call_key.h"
#include "runtime/call/enroll.h"
#include "runtime/verb/batch_view.h"
#include "runtime/verb/put.h"
#include "runtime/verb/relatives.h"
#include "runtime/verb/verb.h"
#include "runtime/compute/compute.h"
#include "runtime/compute/dependencies.h"
#include "runtime/cache/audit.h"
#include "runtime/cache/cache.h"
#include "runtime/cache/commit_gate.h"
#include "runtime/cache/history.h"
#include "runtime/cache/sweep.h"
#include "runtime/registry/door.h"
#include "runtime/registry/region.h"
#include "runtime/setting/option.h"
#include "base/clock.h"
#include "swrcache/policy.h"

#include <string.h>

static const struct swrcache_param parameter = {.name = "key", .type = "", .kind = SWRCACHE_KIND_BYTES};

struct made {
    struct swrcache_site site;
    struct swrcache_policy policy;
};

/* Nothing computes what was not put. */
static void run(const struct swrcache_arg *args, void *result)
{
    (void)args;
    (void)result;
}

/*
 * A region for each user or request makes as many dictionaries as there were ever users. With more than
 * DICTIONARIES_AT_EASE each that is made pays for a look at DICTIONARIES_LOOKED_AT of the others; the ones
 * that nobody holds are given back. So there are hardly ever more than an eighth above those in use. What is
 * too old to be found is an entry still, and taken out for that once a while.
 */
enum { DICTIONARIES_AT_EASE = 4096, DICTIONARIES_LOOKED_AT = 9 };
#define DEAD_EVERY (1000 * NS_PER_MS)

/* Between function_learn() and function_learnt(). */
static void give_back_some(void)
{
    unsigned looks = DICTIONARIES_LOOKED_AT;
    struct region *r;
    while ((r = region_take_unused(&looks)) != NULL) {
        struct function *f = atomic_load(&r->dictionary);
        if (f != NULL) {
            history_forget(); /* its notes are nobody's any more */
            if (f->bounds != &cache_bounds) {
                evict_end(f->bounds);
                os_free(f->bounds);
            }
            os_free(f->site); /* made below */
            os_free(f);
        }
        region_forget(r);
    }
}

/* There are many, and no lock is held. */
static void take_out_dead(void)
{
    static _Atomic uint64_t next;
    uint64_t due = atomic_load(&next), now = clock_now();
    if (now >= due && atomic_compare_exchange_strong(&next, &due, clock_add(now, DEAD_EVERY)))
        sweep_ask_dead();
}

static struct function *make(struct region *r)
{
    struct made *m = os_zalloc(sizeof *m);
    if (m == NULL)
        return NULL;
    m->policy = (struct swrcache_policy){SWRCACHE_POLICY_UNSET, .region = r->name,
                                         .dependencies = SWR_DEPENDENCIES_OFF};
    m->site = (struct swrcache_site){.abi = SWRCACHE_ABI,
                                     .size = sizeof m->site,
                                     .name = r->name,
                                     .file = "",
                                     .form = SWRCACHE_FORM_VALUE,
                                     .result_type = "bytes",
                                     .params = &parameter,
                                     .nparams = 1,
                                     .policy_size = sizeof m->policy,
                                     .policy = &m->policy,
                                     .run = run};
    struct function *f = function_make(&m->site, true);
    if (f == NULL)
        os_free(m);
    return f;
}

static struct region *region_for(struct thread *t, const char *name, bool with_make)
{
    epoch_enter(&t->epoch);
    struct region *r = region_find(name);
    epoch_exit(&t->epoch);
    if (r != NULL || !with_make || (r = region_of(name, true)) != NULL)
        return r;
    option_complain("region \"%.80s\": write letters, digits, _ and - between dots",
                    name != NULL ? name : "");
    return NULL;
}

/* The region's dictionary, held; NULL: none, and with `with_make` none can be had. */
static struct function *of(struct thread *t, const char *name, bool with_make)
{
    struct region *r = region_for(t, name, with_make);
    struct function *f = r != NULL ? atomic_load(&r->dictionary) : NULL;
    if (r == NULL || f != NULL)
        return f;
    if (with_make) {
        function_learn();
        bool many = function_dictionaries() >= DICTIONARIES_AT_EASE;
        f = atomic_load(&r->dictionary);
        if (f == NULL && many)
            give_back_some();
        if (f == NULL)
            atomic_store(&r->dictionary, f = make(r));
        function_learnt();
        if (many)
            take_out_dead();
    }
    if (f == NULL) {
        region_release(r);
        if (with_make)
            epoch_collect(); /* what waits to be freed may keep others */
    }
    return f;
}

struct use {
    struct visit visit;
    struct function *function;
    struct key key;
    /* What the thread kept before its key and its dictionary. */
    unsigned char *outer;
    struct function *outer_dictionary;
};

static bool begin(struct use *u, const char *region, const void *key, size_t key_len, bool with_make)
{
    struct swrcache_arg arg = {key_len == 0 ? "" : key, key_len};
    if ((key == NULL && key_len != 0) || !door_enter(&u->visit))
        return false;
    u->function = of(u->visit.thread, region, with_make);
    ptrdiff_t size = u->function != NULL ? key_size(&u->function->shape, &arg) : KEY_DOUBTFUL;
    unsigned char *bytes = size < 0 ? NULL : os_alloc((size_t)size);
    if (bytes == NULL || (size = key_encode(&u->function->shape, &arg, bytes, (size_t)size)) < 0) {
        os_free(bytes);
        if (u->function != NULL)
            function_release(u->function);
        door_leave(&u->visit);
        return false;
    }
    u->key = (struct key){key_hash(&u->function->shape, bytes, (size_t)size), (size_t)size, bytes};
    u->outer = call_key_keep(u->visit.thread, bytes);
    u->outer_dictionary = u->visit.thread->dictionary;
    u->visit.thread->dictionary = u->function;
    return true;
}

static void end(struct use *u)
{
    call_key_drop(u->visit.thread, u->outer);
    u->visit.thread->dictionary = u->outer_dictionary;
    function_release(u->function);
    door_leave(&u->visit);
}

/* The relatives: what they have of it is old. */
static void tell(struct use *u)
{
    struct announcement a = {0};
    announce_call(&a, SWRCACHE_OP_INVALIDATE, u->function, &u->key);
    announce(&a);
}

bool dictionary_put(const char *region, const void *key, size_t key_len, const void *value, size_t value_len,
                    uint64_t ttl_ms)
{
    struct use u;
    if ((value == NULL && value_len != 0) || value_len > KEY_MOST || !begin(&u, region, key, key_len, true))
        return false;
    bool done = batch_note_put(u.function, &u.key, value, value_len, ttl_ms);
    if (!done) {
        done = put_entry(u.function, &u.key, value, value_len, ttl_ms);
        tell(&u);
    }
    end(&u);
    return done;
}

/* In a section of epoch.h. */
static struct entry *find(struct use *u)
{
    struct entry *e = table_find(&cache_table, atomic_load(&u->function->identity), &u->key);
    return e != NULL && entry_is_fresh(atomic_load(&e->when), clock_now()) ? e : NULL;
}

/* What the thread's own batch says of the key. False: nothing. */
static bool look_at_own(struct use *u, void *buffer, size_t room, ssize_t *len)
{
    const struct note *n = batch_last(u->function, &u->key);
    if (n == NULL)
        return false;
    compute_apart(u->visit.thread);
    *len = n->kind == NOTE_PUT ? (ssize_t)n->value_len : -1;
    if (buffer != NULL && *len > 0 && room != 0)
        memcpy(buffer, n->data + n->key_len, n->value_len < room ? n->value_len : room);
    return true;
}

/* The value's length, -1: absent. A body that looks is bound by what it finds, and by finding nothing. */
static ssize_t look(struct use *u, void *buffer, size_t room)
{
    struct flight *bound = u->visit.thread->bound;
    ssize_t len = -1;
    if (bound != NULL)
        dependencies_call(bound, u->function, &u->key);
    if (unlikely(u->visit.thread->writing) && look_at_own(u, buffer, room, &len))
        return len;
    for (bool again = true; again && len < 0;) {
        epoch_enter(&u->visit.thread->epoch);
        struct entry *e = find(u);
        if (e != NULL) {
            len = (ssize_t)entry_value_len(e);
            if (buffer != NULL && entry_value_len(e) != 0 && room != 0)
                memcpy(buffer, entry_value(e), entry_value_len(e) < room ? entry_value_len(e) : room);
            thread_touch(u->visit.thread, e);
            if (bound != NULL)
                dependencies_saw(bound, u->function, e);
        }
        epoch_exit(&u->visit.thread->epoch);
        /* What is not there may be on its way in. */
        if (len >= 0 || atomic_load(&commit_gate_closed) == 0)
            break;
        door_let(u->visit.thread);
        again = commit_gate_wait();
        door_hold(u->visit.thread);
    }
    return len;
}

/* What a body finds missing has to be known, to take its result back when it is put. */
static bool begin_look(struct use *u, const char *region, const void *key, size_t key_len)
{
    return begin(u, region, key, key_len, thread_current != NULL && thread_current->bound != NULL);
}

ssize_t dictionary_get(const char *region, const void *key, size_t key_len, void *buffer, size_t room)
{
    struct use u;
    if (!begin_look(&u, region, key, key_len))
        return -1;
    ssize_t len = look(&u, buffer, room);
    thread_count(u.visit.thread, u.function, len < 0 ? COUNTER_misses : COUNTER_hits);
    end(&u);
    return len;
}

bool dictionary_has(const char *region, const void *key, size_t key_len)
{
    struct use u;
    if (!begin_look(&u, region, key, key_len))
        return false;
    bool there = look(&u, NULL, 0) >= 0;
    end(&u);
    return there;
}

static bool present(struct use *u)
{
    ssize_t own;
    if (unlikely(u->visit.thread->writing) && look_at_own(u, NULL, 0, &own))
        return own >= 0;
    epoch_enter(&u->visit.thread->epoch);
    bool there = find(u) != NULL;
    epoch_exit(&u->visit.thread->epoch);
    return there;
}

bool dictionary_remove(const char *region, const void *key, size_t key_len)
{
    struct use u;
    if (!begin(&u, region, key, key_len, false))
        return false;
    bool there = present(&u);
    if (!batch_note_key(SWRCACHE_OP_INVALIDATE, u.function, &u.key)) {
        there = verb_key(u.function, SWRCACHE_OP_INVALIDATE, &u.key) != 0;
        tell(&u);
    }
    end(&u);
    return there;
}
