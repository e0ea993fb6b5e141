#include "interpose.h"
#include "runtime/compute/flight.h"
#include "runtime/registry/thread.h"

#include <string.h>

/* A scalar as the calling convention has it: the whole word, by its sign. */
static uint64_t word_of(const struct swrcache_param *p, const void *data)
{
    uint64_t word = 0;
    memcpy(&word, data, p->size < sizeof word ? p->size : sizeof word);
    if (p->kind == SWRCACHE_KIND_VAL &&
        (p->cls == SWRCACHE_CLASS_INT || (p->cls == SWRCACHE_CLASS_CHAR && (char)-1 < 0))) {
        unsigned unused = 64 - 8 * p->size;
        word = (uint64_t)((int64_t)(word << unused) >> unused);
    }
    return word;
}

static void call_real(struct interpose_slot *slot, const struct swrcache_arg *args, void *result)
{
    unsigned char frame[FRAME_STACK + 8 * SLOT_PARAMS] __attribute__((aligned(16))) = {0};
    const struct swrcache_site *site = &slot->site;
    const struct thread *t = thread_current;
    if (interpose_call.slot == slot && (t == NULL || !t->worker))
        memcpy(frame, interpose_call.frame, FRAME_RETURN);
    for (uint32_t i = 0; i < site->nparams; i++) {
        const struct swrcache_param *p = &site->params[i];
        bool scalar = p->kind == SWRCACHE_KIND_VAL || p->kind == SWRCACHE_KIND_OPAQUE;
        uint64_t word = scalar ? word_of(p, args[i].data) : (uint64_t)(uintptr_t)args[i].data;
        memcpy(frame + slot->where[i], &word, sizeof word);
    }
#if defined(__x86_64__)
    uint64_t vectors = slot->nvectors;
    memcpy(frame + FRAME_RAX_X86_64, &vectors, sizeof vectors);
#endif
    interpose_invoke(__atomic_load_n(&slot->real, __ATOMIC_ACQUIRE), frame, slot->nstack);
    bool vector = slot->result == SLOT_SCALAR && site->result_cls == SWRCACHE_CLASS_FLOAT;
    if (slot->result != SLOT_VOID)
        memcpy(result, frame + (vector ? FRAME_VECTOR_RESULT : FRAME_RESULT), site->result_size);
}

void interpose_replay(const struct swrcache_arg *args, void *result, struct interpose_slot *slot)
{
    call_real(slot, args, result);
    /* A call past the cache gets what the function gives, and a worker hands nothing to a caller. */
    const struct thread *t = thread_current;
    if (slot->result != SLOT_CSTR || t == NULL || t->worker || t->top == NULL || t->top->plain ||
        t->top->function != __atomic_load_n((struct function **)&slot->site.function, __ATOMIC_ACQUIRE))
        return;
    const char *own, *lent;
    memcpy(&own, result, sizeof own);
    if (own == NULL)
        return;
    lent = interpose_lend(own, strlen(own), false);
    if (lent == NULL)
        t->top->skip = t->top->crowded = true;
    else
        memcpy(result, &lent, sizeof lent);
}
