#define _GNU_SOURCE
#include "interpose.h"
#include "symbol.h"

#include <dlfcn.h>
#include <string.h>

typedef void *dlsym_fn(void *handle, const char *name);

static void *real_dlsym(struct interpose_slot *slot)
{
    void *real = __atomic_load_n(&slot->real, __ATOMIC_ACQUIRE);
    if (real == NULL) {
        struct symbol_query query = {slot->name, NULL, NULL, slot};
        struct symbol_answer answer;
        symbol_find(&query, &answer);
        real = answer.address;
        __atomic_store_n(&slot->real, real, __ATOMIC_RELEASE);
    }
    return real;
}

/* The first rule for a function of this name, if its stub is the one to hand out for `found`. */
static struct interpose_slot *wrapped_as(const struct interpose_object *object, const char *name,
                                         const void *found)
{
    for (uint32_t i = 0; i < object->nslots; i++) {
        struct interpose_slot *slot = &object->slots[i];
        if (slot->what != SLOT_FUNCTION || strcmp(slot->name, name) != 0)
            continue;
        struct symbol_query query = {slot->name, slot->version, slot->library, slot};
        struct symbol_answer answer;
        if (symbol_find(&query, &answer) && answer.address == found)
            return slot;
    }
    return NULL;
}

static bool is_wrapped(const struct interpose_object *object, const char *name)
{
    for (uint32_t i = 0; i < object->nslots; i++)
        if (object->slots[i].what == SLOT_FUNCTION && strcmp(object->slots[i].name, name) == 0)
            return true;
    return false;
}

/*
 * The real dlsym() sees its caller by the return address when it is asked for RTLD_NEXT or RTLD_DEFAULT:
 * then, and for every name that is not wrapped, it is jumped to. The pseudo handles find the stub by
 * themselves.
 */
const void *interpose_dlsym(struct interpose_slot *slot, unsigned char *frame)
{
    void *handle, *real = real_dlsym(slot), *found;
    const char *name;
    memcpy(&handle, frame + FRAME_GENERAL, sizeof handle);
    memcpy(&name, frame + FRAME_GENERAL + 8, sizeof name);
    if (handle == RTLD_DEFAULT || handle == RTLD_NEXT || name == NULL || !is_wrapped(slot->object, name))
        return real;
    found = ((dlsym_fn *)real)(handle, name);
    struct interpose_slot *wrapped = found != NULL ? wrapped_as(slot->object, name, found) : NULL;
    if (wrapped != NULL)
        found = wrapped->stub;
    memcpy(frame + FRAME_RESULT, &found, sizeof found);
    return NULL;
}
