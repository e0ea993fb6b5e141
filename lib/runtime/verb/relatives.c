#include "relatives.h"
#include "apply.h"
#include "runtime/compute/dependents.h"
#include "runtime/cache/audit.h"
#include "runtime/cache/commit_gate.h"
#include "runtime/cache/retune.h"
#include "runtime/registry/door.h"
#include "base/alive.h"
#include "base/family.h"
#include "base/lock.h"

#include <errno.h>
#include <string.h>

LOCK(relatives);
static _Atomic uint64_t obeyed = ALIVE_READY; /* written under the lock */
static _Atomic bool newborn;                  /* in a fork's child, until its first call; likewise */

/* Longer keys are not worth it: all of the function is meant then. */
enum { SENT_KEY = 1024 };

/* One verb in a record; the texts follow, with their NUL, and the key. */
struct said {
    uint64_t older, larger; /* verb_filter; 0 each: none */
    uint32_t text_len, file_len, key_len;
    uint8_t operation;
    uint8_t call; /* text and file are a function's name and file; else a target */
    uint8_t keyed;
    uint8_t dictionary;
};

/* No code of the user runs in between: a fork waits for the lock. */
static void take(void)
{
    lock_take(&relatives_lock);
    cache_keep_objects();
}

static void give(void)
{
    cache_free_objects();
    lock_give(&relatives_lock);
}

uint64_t relatives_obeyed(void)
{
    return atomic_load(&obeyed);
}

static void do_text(const struct said *said, const char *text)
{
    struct verb_filter filter = {said->older, said->larger};
    bool narrowed = said->older != 0 || said->larger != 0;
    struct target *t = os_alloc(sizeof *t);
    struct applied reached = {0};
    char why[256];
    if (t == NULL) {
        verb_invalidate(NULL, NULL, NULL, false); /* rather too much */
        return;
    }
    uint64_t act = audit_begin(said->operation, 0, text);
    if (target_parse(t, text, why, sizeof why))
        apply_target(said->operation, t, narrowed ? &filter : NULL, false, false, &reached);
    audit_end(act, reached.matched);
    os_free(t);
}

static void do_call(const struct said *said, const char *name, const char *file, const unsigned char *bytes)
{
    struct function *f;
    for (uint32_t at = 0; (f = function_next(&at)) != NULL; function_release(f)) {
        if (f->dictionary != said->dictionary || strcmp(f->site->name, name) != 0 ||
            strcmp(f->site->file, file) != 0)
            continue;
        if (said->keyed) {
            struct key key = {key_hash(&f->shape, bytes, said->key_len), said->key_len, bytes};
            verb_key(f, said->operation, &key);
        } else if (said->operation == SWRCACHE_OP_INVALIDATE) {
            verb_invalidate(f, NULL, NULL, false);
        } else {
            verb_run(said->operation, f, NULL, NULL, false);
        }
    }
}

static void do_record(const void *record, size_t len)
{
    const unsigned char *at = record, *end = at + len;
    struct said said;
    size_t whole = 0;
    memcpy(&said, at, sizeof said);
    whole = sizeof said + said.text_len + said.file_len + said.key_len;
    bool several = whole < len;
    if (several)
        commit_gate_close();
    for (; at + sizeof said <= end; at += whole) {
        memcpy(&said, at, sizeof said);
        const char *text = (const char *)at + sizeof said, *file = text + said.text_len;
        whole = sizeof said + said.text_len + said.file_len + said.key_len;
        if (said.call)
            do_call(&said, text, file, (const unsigned char *)file + said.file_len);
        else
            do_text(&said, text);
    }
    if (several)
        commit_gate_open();
}

/* relatives_lock held; a thread with a record is busy. */
static void catch_up(void)
{
    uint64_t now = atomic_load(atomic_load(&alive_now));
    if (now == atomic_load(&obeyed))
        return;
    const char *before = audit_caller("another process");
    /* What the control thread sees to meanwhile may have to obey first, and would wait for this lock. */
    void (*meanwhile)(void) = cache_meanwhile;
    cache_meanwhile = NULL;
    if (!family_read(do_record))
        verb_invalidate(NULL, NULL, NULL, false);
    cache_meanwhile = meanwhile;
    audit_caller(before);
    atomic_store(&obeyed, now);
    alive_obeyed(now);
}

void relatives_obey(struct thread *t)
{
    struct visit visit;
    if (atomic_load(&obeyed) == atomic_load(atomic_load(&alive_now)) && !atomic_load(&newborn))
        return;
    visit.thread = t;
    visit.error = errno;
    if (t != NULL)
        door_begin(&visit);
    take();
    if (atomic_load(&newborn)) {
        retune_end_left();
        dependents_tell_left();
        atomic_store(&newborn, false);
    }
    catch_up();
    give();
    if (t != NULL)
        door_leave(&visit);
    errno = visit.error;
}

void relatives_fork_child(void)
{
    atomic_store(&newborn, true);
}

/* Room for one more verb; NULL: it does not fit. */
static unsigned char *room_for(struct announcement *a, size_t len)
{
    if (a->full || a->len + len > FAMILY_RECORD) {
        a->full = true;
        return NULL;
    }
    if (a->len + len > a->room) {
        size_t room = a->room == 0 ? 256 : a->room;
        while (room < a->len + len)
            room *= 2;
        unsigned char *bytes = os_alloc(room);
        if (bytes == NULL) {
            a->full = true;
            return NULL;
        }
        if (a->len != 0)
            memcpy(bytes, a->bytes, a->len);
        os_free(a->bytes);
        a->bytes = bytes;
        a->room = room;
    }
    a->len += len;
    return a->bytes + a->len - len;
}

static bool nobody(enum swrcache_operation operation)
{
    return operation == SWRCACHE_OP_REFRESH || !family_made();
}

static void put(struct announcement *a, const struct said *said, const char *text, const char *file,
                const unsigned char *key)
{
    unsigned char *at = room_for(a, sizeof *said + said->text_len + said->file_len + said->key_len);
    if (at == NULL)
        return;
    at = (unsigned char *)memcpy(at, said, sizeof *said) + sizeof *said;
    at = (unsigned char *)memcpy(at, text, said->text_len) + said->text_len;
    if (file != NULL)
        at = (unsigned char *)memcpy(at, file, said->file_len) + said->file_len;
    if (key != NULL)
        memcpy(at, key, said->key_len);
}

void announce_text(struct announcement *a, enum swrcache_operation operation, const char *text,
                   const struct verb_filter *filter)
{
    if (nobody(operation))
        return;
    struct said said = {.operation = (uint8_t)operation, .text_len = (uint32_t)strlen(text) + 1};
    if (filter != NULL) {
        said.older = filter->older;
        said.larger = filter->larger;
    }
    put(a, &said, text, NULL, NULL);
}

void announce_call(struct announcement *a, enum swrcache_operation operation, const struct function *f,
                   const struct key *key)
{
    if (nobody(operation))
        return;
    bool keyed = key != NULL && key->len <= SENT_KEY;
    struct said said = {.operation = (uint8_t)operation,
                        .text_len = (uint32_t)strlen(f->site->name) + 1,
                        .file_len = (uint32_t)strlen(f->site->file) + 1,
                        .key_len = keyed ? (uint32_t)key->len : 0,
                        .call = true,
                        .keyed = keyed,
                        .dictionary = f->dictionary};
    put(a, &said, f->site->name, f->site->file, keyed ? key->bytes : NULL);
}

void announce(struct announcement *a)
{
    if (a->full || a->len != 0) {
        take();
        /* A ring that is taken over from the dead is read first; so nothing of others comes after this. */
        bool may = !a->full && family_claim();
        catch_up();
        if (may)
            family_announce(a->bytes, a->len);
        else
            family_lose();
        catch_up();
        give();
    }
    announce_drop(a);
}

void announce_drop(struct announcement *a)
{
    os_free(a->bytes);
    *a = (struct announcement){0};
}
