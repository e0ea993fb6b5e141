#include "home.h"
#include "base/loader.h"
#include "base/lock.h"
#include "base/sync.h"

#include <stdlib.h>
#include <string.h>

enum home_state { HOME_THERE, HOME_LEAVING, HOME_GONE };

/* Never freed; one for each path. */
struct home {
    struct home *next; /* set once */
    /* homes_lock */
    enum home_state state;
    const void *map;   /* of base/loader.h */
    uint32_t life;     /* raised when its code goes */
    uint32_t keepers;  /* threads that keep it */
    uint32_t orphaned; /* references of threads that a fork's child does not have */
    void *reference;   /* the same for all of them, while there are any */
    char path[];
};

LOCK(homes); /* the homes, and which life of which a function lives in */
static struct home *homes;
static _Atomic bool exits;
static _Atomic bool orphans; /* some home has references that nobody is to give back */
static bool exit_told;       /* homes_lock */

/* What this thread keeps; NULL: nothing. */
static __thread struct home *kept __attribute__((tls_model("initial-exec")));

static void at_exit(void)
{
    atomic_store(&exits, true);
}

bool home_exits(void)
{
    return atomic_load(&exits);
}

/* homes_lock held. */
static struct home *find(const char *path)
{
    struct home *h = homes;
    while (h != NULL && strcmp(h->path, path) != 0)
        h = h->next;
    return h;
}

/* homes_lock held. */
static struct home *make(const char *path)
{
    size_t len = strlen(path) + 1;
    struct home *h = os_zalloc(sizeof *h + len);
    if (h == NULL)
        return NULL;
    memcpy(h->path, path, len);
    h->next = homes;
    homes = h;
    return h;
}

/* So that destructors which run at the end of the process are told from those of an unloading. */
static bool tell_exit(void)
{
    lock_take(&homes_lock);
    bool told = exit_told;
    exit_told = true;
    lock_give(&homes_lock);
    if (told || atexit(at_exit) == 0)
        return true;
    lock_take(&homes_lock);
    exit_told = false;
    lock_give(&homes_lock);
    return false;
}

struct home *home_enter(const void *address)
{
    struct loader_object o;
    if (!loader_find(address, &o) || !tell_exit())
        return NULL;
    lock_take(&homes_lock);
    struct home *h = find(o.path);
    if (h == NULL)
        h = make(o.path);
    if (h != NULL) {
        /* One that nobody saw going is another life all the same. */
        h->life += h->state == HOME_THERE;
        h->state = HOME_THERE;
        h->map = o.map;
    }
    lock_give(&homes_lock);
    return h;
}

void home_leave(struct home *h)
{
    lock_take(&homes_lock);
    h->state = HOME_LEAVING;
    h->life++;
    lock_give(&homes_lock);
}

void home_gone(struct home *h)
{
    lock_take(&homes_lock);
    h->state = HOME_GONE;
    lock_give(&homes_lock);
}

void home_move_in(struct function *f, struct home *h)
{
    lock_take(&homes_lock);
    f->life = h != NULL ? h->life : 0;
    atomic_store(&f->home, h);
    lock_give(&homes_lock);
}

/* homes_lock held. */
static bool left(const struct function *f, const struct home *h)
{
    return h->state != HOME_THERE || f->life != h->life;
}

bool home_left(struct function *f)
{
    struct home *h = atomic_load(&f->home);
    if (h == NULL)
        return false;
    lock_take(&homes_lock);
    h = atomic_load(&f->home);
    bool gone = h != NULL && left(f, h);
    lock_give(&homes_lock);
    return gone;
}

bool home_any(void)
{
    lock_take(&homes_lock);
    bool any = homes != NULL;
    lock_give(&homes_lock);
    return any;
}

bool home_leaving(struct function *f)
{
    lock_take(&homes_lock);
    struct home *h = atomic_load(&f->home);
    bool leaving = h != NULL && h->state == HOME_LEAVING;
    lock_give(&homes_lock);
    return leaving;
}

bool home_left_entry(const struct function *f, const struct entry *e)
{
    uint64_t since = atomic_load(&f->since);
    return since != 0 && function_identity_of(e) < since;
}

/* It was not there any more, or another life of it was. */
static void give_up(struct home *h, uint32_t life)
{
    lock_take(&homes_lock);
    /* Nobody told us: then it went while the process exits. */
    if (h->life == life) {
        h->state = HOME_GONE;
        h->life++;
    }
    lock_give(&homes_lock);
}

bool home_keep(struct function *f)
{
    struct home *h = atomic_load(&f->home);
    if (likely(h == NULL))
        return true;
    if (kept == h && !home_left(f))
        return true;
    home_let();
    lock_take(&homes_lock);
    h = atomic_load(&f->home);
    bool there = h != NULL && !left(f, h);
    uint32_t life = there ? h->life : 0;
    struct loader_object o = {there ? h->path : NULL, there ? h->map : NULL};
    lock_give(&homes_lock);
    if (h == NULL || !there)
        return h == NULL;
    SYNC_POINT("home.keeps");
    /* Waits while it is being unloaded, and then finds nothing, or what was loaded in its place. */
    void *reference = loader_keep(&o);
    if (reference == NULL) {
        give_up(h, life);
        return false;
    }
    lock_take(&homes_lock);
    bool same = atomic_load(&f->home) == h && !left(f, h) && h->life == life;
    if (same) {
        h->keepers++;
        h->reference = reference;
        kept = h;
    }
    lock_give(&homes_lock);
    if (!same)
        loader_let(reference);
    return same;
}

void home_let(void)
{
    struct home *h = kept;
    if (likely(h == NULL))
        return;
    kept = NULL;
    lock_take(&homes_lock);
    void *reference = h->reference;
    h->keepers--;
    lock_give(&homes_lock);
    loader_let(reference);
}

bool home_keeps(void)
{
    return kept != NULL;
}

void home_fork_child(void)
{
    bool any = false;
    for (struct home *h = homes; h != NULL; h = h->next) {
        h->orphaned += h->keepers - (kept == h);
        h->keepers = kept == h;
        any |= h->orphaned != 0;
    }
    atomic_store(&orphans, any);
}

void home_settle(void)
{
    if (likely(!atomic_load(&orphans)))
        return;
    for (bool any = true; any;) {
        void *reference = NULL;
        lock_take(&homes_lock);
        struct home *h = homes;
        while (h != NULL && h->orphaned == 0)
            h = h->next;
        if (h != NULL) {
            h->orphaned--;
            reference = h->reference;
        } else {
            atomic_store(&orphans, false);
        }
        lock_give(&homes_lock);
        any = reference != NULL;
        if (any)
            loader_let(reference);
    }
}
