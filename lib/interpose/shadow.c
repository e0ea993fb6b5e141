#include "interpose.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "runtime/function.h"
#include "runtime/option.h"
#include "runtime/result.h"

/*
 * mode=shadow: one hit in SAMPLE is asked of the function as well. The caller gets the remembered answer all
 * the same, so that what is compared is what is served. Where more than one in BOUND differs, caching ends.
 */
enum { SAMPLE = 16, ENOUGH = 8, BOUND = 20, OUT_ROOM = 4096 };

static bool is_out(const struct swrcache_param *p)
{
    return p->kind == SWRCACHE_KIND_OUT || p->kind == SWRCACHE_KIND_OUT_BYTES;
}

/* Out-arguments lead to `room` instead; false: they do not fit. */
static bool beside(const struct interpose_slot *slot, const struct swrcache_arg *args,
                   struct swrcache_arg *own, unsigned char *room)
{
    size_t used = 0;
    for (uint32_t i = 0; i < slot->site.nparams; i++) {
        own[i] = args[i];
        if (!is_out(&slot->site.params[i]))
            continue;
        if (args[i].data == NULL || args[i].size > OUT_ROOM - used)
            return false;
        own[i].data = room + used;
        memcpy(room + used, args[i].data, args[i].size);
        used += (args[i].size + 15) & ~(size_t)15;
        if (used > OUT_ROOM)
            return false;
    }
    return true;
}

static bool same_string(const void *a, const void *b)
{
    const char *s, *t;
    memcpy(&s, a, sizeof s);
    memcpy(&t, b, sizeof t);
    return s == NULL || t == NULL ? s == t : strcmp(s, t) == 0;
}

static bool same(const struct interpose_slot *slot, const struct swrcache_arg *args, const void *result,
                 const struct swrcache_arg *own, const void *real)
{
    bool string = slot->result == SLOT_STR || slot->result == SLOT_CSTR;
    if (string ? !same_string(result, real) : memcmp(result, real, slot->site.result_size) != 0)
        return false;
    for (uint32_t i = 0; i < slot->site.nparams; i++)
        if (is_out(&slot->site.params[i]) && memcmp(args[i].data, own[i].data, args[i].size) != 0)
            return false;
    return true;
}

static void compare(struct interpose_slot *slot, struct function *f, const struct swrcache_arg *args,
                    const void *result)
{
    struct swrcache_arg own[SLOT_PARAMS];
    unsigned char room[OUT_ROOM] __attribute__((aligned(16)));
    uint64_t real = 0;
    if (!beside(slot, args, own, room))
        return;
    interpose_real(slot, own, &real);
    bool failed = result_failed(f, &real); /* says nothing about what is remembered */
    bool alike = failed || same(slot, args, result, own, &real);
    if (slot->result == SLOT_STR) {
        void *unused;
        memcpy(&unused, &real, sizeof unused);
        free(unused);
    }
    if (failed)
        return;
    uint32_t compared = __atomic_add_fetch(&slot->compared, 1, __ATOMIC_RELAXED);
    uint32_t differed = __atomic_add_fetch(&slot->differed, alike ? 0 : 1, __ATOMIC_RELAXED);
    uint32_t on = FUNCTION_ON;
    if (compared >= ENOUGH && differed > compared / BOUND &&
        atomic_compare_exchange_strong(&f->mode, &on, FUNCTION_OFF))
        option_complain(
            "%s: shadow: %u of %u answers differed from the function's; it is not cached any more",
            slot->name, differed, compared);
}

void interpose_shadow(struct interpose_slot *slot, const struct swrcache_arg *args, void *result)
{
    struct swrcache_info info;
    interpose_api()->call(&slot->site, args, result);
    interpose_api()->last(&info);
    if ((info.outcome != SWR_HIT && info.outcome != SWR_STALE_HIT) ||
        __atomic_fetch_add(&slot->sampled, 1, __ATOMIC_RELAXED) % SAMPLE != 0)
        return;
    struct function *f = __atomic_load_n((struct function **)&slot->site.function, __ATOMIC_ACQUIRE);
    int saved = errno;
    if (f != NULL)
        compare(slot, f, args, result);
    errno = saved;
}
