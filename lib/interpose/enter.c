#include "interpose.h"
#include "base/os.h"

#include <string.h>

__thread struct interpose_call interpose_call __attribute__((tls_model("initial-exec")));

static size_t length_of(const struct interpose_slot *slot, uint32_t i, const unsigned char *frame)
{
    if (slot->length[i] < 0)
        return slot->fixed[i];
    const struct swrcache_param *p = &slot->site.params[slot->length[i]];
    uint64_t word;
    memcpy(&word, frame + slot->where[slot->length[i]], sizeof word);
    unsigned unused = 64 - 8 * p->size;
    if (p->cls == SWRCACHE_CLASS_INT || (p->cls == SWRCACHE_CLASS_CHAR && (char)-1 < 0)) {
        int64_t n = (int64_t)(word << unused) >> unused;
        return n < 0 ? SIZE_MAX : (size_t)n;
    }
    return (size_t)(word << unused >> unused);
}

static void read_args(const struct interpose_slot *slot, unsigned char *frame, struct swrcache_arg *args)
{
    for (uint32_t i = 0; i < slot->site.nparams; i++) {
        const struct swrcache_param *p = &slot->site.params[i];
        unsigned char *word = frame + slot->where[i];
        void *pointer;
        if (p->kind == SWRCACHE_KIND_VAL || p->kind == SWRCACHE_KIND_OPAQUE) {
            args[i] = (struct swrcache_arg){word, p->size};
            continue;
        }
        memcpy(&pointer, word, sizeof pointer);
        args[i] = (struct swrcache_arg){pointer, p->size};
        if (p->kind == SWRCACHE_KIND_BYTES || p->kind == SWRCACHE_KIND_OUT_BYTES)
            args[i].size = length_of(slot, i, frame);
    }
}

static void write_result(const struct interpose_slot *slot, unsigned char *frame, uint64_t value)
{
    const struct swrcache_site *site = &slot->site;
    unsigned unused = 64 - 8 * site->result_size;
    if (slot->result == SLOT_VOID)
        return;
    if (site->result_cls == SWRCACHE_CLASS_FLOAT) {
        memset(frame + FRAME_VECTOR_RESULT, 0, FRAME_VECTOR_STEP);
        memcpy(frame + FRAME_VECTOR_RESULT, &value, sizeof value);
        return;
    }
    /* Some callers rely on the whole register. */
    if (site->result_cls == SWRCACHE_CLASS_INT || (site->result_cls == SWRCACHE_CLASS_CHAR && (char)-1 < 0))
        value = (uint64_t)((int64_t)(value << unused) >> unused);
    else
        value = value << unused >> unused;
    memcpy(frame + FRAME_RESULT, &value, sizeof value);
}

const void *interpose_enter(struct interpose_slot *slot, unsigned char *frame)
{
    if (unlikely(slot->what == SLOT_DLSYM))
        return interpose_dlsym(slot, frame);
    struct interpose_slot *rule = slot;
    if (slot->from != NULL || slot->next != NULL) {
        void *caller;
        memcpy(&caller, frame + FRAME_RETURN, sizeof caller);
        while (rule != NULL && rule->from != NULL && !interpose_caller_is(rule->from, caller))
            rule = rule->next;
    }
    if (unlikely(rule == NULL)) {
        if (__atomic_load_n(&slot->real, __ATOMIC_ACQUIRE) == NULL)
            interpose_prepare(slot);
        return __atomic_load_n(&slot->real, __ATOMIC_ACQUIRE);
    }
    if (unlikely(__atomic_load_n(&rule->ready, __ATOMIC_ACQUIRE) != SLOT_READY) && !interpose_prepare(rule))
        return __atomic_load_n(&rule->real, __ATOMIC_ACQUIRE);
    struct swrcache_arg args[SLOT_PARAMS];
    uint64_t result = 0;
    read_args(rule, frame, args);
    struct interpose_call outer = interpose_call;
    interpose_call = (struct interpose_call){rule, frame};
    interpose_api()->call(&rule->site, args, &result);
    interpose_call = outer;
    write_result(rule, frame, result);
    return NULL;
}
