#define _GNU_SOURCE
#include "interpose.h"
#include "symbol.h"
#include "runtime/call/enroll.h"
#include "runtime/registry/function.h"
#include "base/os.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

swrcache_attach_fn swrcache_attach; /* the runtime's door, attach/attach.c */

static _Atomic(const struct swrcache_api *) api;

const struct swrcache_api *interpose_api(void)
{
    return atomic_load_explicit(&api, memory_order_acquire);
}

static void *same_pointer(const void *master)
{
    return (void *)(uintptr_t)master;
}

static void keep_pointer(void *master)
{
    (void)master; /* the function's own, or lent */
}

static size_t characters(const void *object, void *buffer, size_t room)
{
    size_t len = strlen(object);
    memcpy(buffer, object, len < room ? len : room);
    return len;
}

static void *lent(const void *bytes, size_t len)
{
    return (void *)(uintptr_t)interpose_lend(bytes, len, true);
}

/* The cache keeps the characters, whatever becomes of the text that a caller was given. */
static const struct swrcache_codec text = {.encode = characters, .decode = lent};

/* The real function; the object that holds it stays, for a refresh may call it at any time. */
static bool resolve(struct interpose_slot *slot)
{
    struct symbol_query query = {slot->name, slot->version, slot->library, slot};
    struct symbol_answer answer;
    bool wanted = symbol_find(&query, &answer);
    if (!wanted) {
        /* The library said to hold it is not there (yet): whoever calls gets what he would have called. */
        query.library = NULL;
        if (!symbol_find(&query, &answer) && query.version != NULL) {
            query.version = NULL;
            symbol_find(&query, &answer);
        }
    }
    __atomic_store_n(&slot->real, answer.address, __ATOMIC_RELEASE);
    if (wanted && answer.may_go && answer.object != NULL && answer.object[0] != 0)
        dlopen(answer.object, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
    return wanted;
}

static void make_known(struct interpose_slot *slot)
{
    slot->replay = interpose_replay;
    if (slot->result == SLOT_CSTR) {
        slot->site.copy = same_pointer;
        slot->site.release = keep_pointer;
        ((struct swrcache_policy *)(uintptr_t)slot->site.policy)->codec = &text;
    }
    function_of(&slot->site);
}

bool interpose_prepare(struct interpose_slot *slot)
{
    int saved = errno;
    bool ready = false;
    /* May be called again from within, by what the runtime calls to wake: then it is not there yet. */
    const struct swrcache_api *table =
        slot->abi == SLOT_ABI && slot->size == sizeof *slot ? swrcache_attach(SWRCACHE_ABI) : NULL;
    bool found = __atomic_load_n(&slot->ready, __ATOMIC_ACQUIRE) == SLOT_FOUND;
    if (!found && (found = resolve(slot)))
        __atomic_store_n(&slot->ready, SLOT_FOUND, __ATOMIC_RELEASE);
    if (table != NULL && found) {
        const struct interpose_object *object = slot->object;
        atomic_store_explicit(&api, table, memory_order_release);
        for (uint32_t i = 0; i < object->nslots; i++)
            if (object->slots[i].what == SLOT_FUNCTION)
                make_known(&object->slots[i]);
        __atomic_store_n(&slot->ready, SLOT_READY, __ATOMIC_RELEASE);
        ready = true;
    }
    errno = saved;
    return ready;
}
