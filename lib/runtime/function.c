#include "function.h"
#include "cache.h"
#include "option.h"
#include "thread.h"
#include "base/clock.h"

#include <string.h>

const char *const counter_names[COUNTERS] = {
#define COUNTER(name, help) #name,
#include "counter.def"
#undef COUNTER
};

static struct lock functions_lock;
static _Atomic(struct function *) functions[FUNCTIONS_MAX];
static _Atomic uint32_t functions_known;
static uint64_t seed; /* functions_lock */

void function_fork_prepare(void)
{
    lock_take(&functions_lock);
}

void function_fork_release(void)
{
    lock_give(&functions_lock);
}

uint32_t function_count(void)
{
    return atomic_load(&functions_known);
}

struct function *function_at(uint32_t number)
{
    return number < FUNCTIONS_MAX ? atomic_load(&functions[number]) : NULL;
}

struct function *function_by_identity(uint64_t identity)
{
    return function_at((uint32_t)(identity >> 32));
}

uint64_t function_counter(struct function *f, enum counter c)
{
    uint64_t sum = atomic_load(&f->counts[c]);
    uint32_t n = function_number(f);
    for (struct thread *t = thread_first(); t != NULL; t = t->next) {
        struct thread_counts *block = atomic_load(&t->blocks[n / THREAD_BLOCK]);
        if (block != NULL)
            sum += atomic_load_explicit(&block->count[n % THREAD_BLOCK][c], memory_order_relaxed);
    }
    return sum;
}

static uint64_t time_of(const struct swrcache_site *site, const char *field, int64_t ms, uint64_t otherwise)
{
    if (ms == SWRCACHE_UNSET)
        return otherwise;
    if (ms == SWR_FOREVER)
        return CLOCK_NEVER;
    if (ms < 0) {
        option_complain("%s: .%s = %lld is below zero; ignored", site->name, field, (long long)ms);
        return otherwise;
    }
    uint64_t ns;
    return __builtin_mul_overflow((uint64_t)ms, NS_PER_MS, &ns) ? CLOCK_NEVER : ns;
}

static uint64_t count_of(const struct swrcache_site *site, const char *field, int64_t n, uint64_t otherwise,
                         uint64_t most)
{
    if (n == SWRCACHE_UNSET)
        return otherwise;
    if (n < 0 || (uint64_t)n > most) {
        option_complain("%s: .%s = %lld is out of range; ignored", site->name, field, (long long)n);
        return otherwise;
    }
    return (uint64_t)n;
}

void function_retune(struct function *f)
{
    struct settings *s = &f->settings;
    uint64_t ttl = atomic_load(&s->ttl), stale = atomic_load(&s->stale), shortest = 20 * clock_lag();
    atomic_store(&f->precise, ttl < shortest || (stale != 0 && stale < shortest));
    uint64_t entries = atomic_load(&s->max_entries), bytes = atomic_load(&s->max_bytes);
    if (f->bounds == &cache_bounds && (entries != UINT64_MAX || bytes != UINT64_MAX)) {
        struct evict *own = os_zalloc(sizeof *own);
        if (own != NULL)
            cache_rebound(f, own);
    }
    if (f->bounds != &cache_bounds)
        evict_bounds(f->bounds, bytes, entries);
}

static enum function_give give_of(const struct function *f)
{
    const struct swrcache_site *s = f->site;
    if (s->form == SWRCACHE_FORM_OBJECT || f->annotated.unless != NULL)
        return GIVE_OTHER;
    if (s->form != SWRCACHE_FORM_VALUE || f->outs_len != 0 || f->has_out_bytes)
        return GIVE_RESULT;
    return s->result_size == 8                             ? GIVE_WORD
           : s->result_size >= 16 && s->result_size <= 256 ? GIVE_SOME
                                                           : GIVE_RESULT;
}

static struct function *function_new(struct swrcache_site *site, uint32_t number)
{
    struct function *f = os_zalloc(sizeof *f);
    if (f == NULL)
        return NULL;
    f->site = site;
    f->number = number;
    /* Of an older header it ends sooner: the rest is zero, unset. */
    size_t known = site->policy_size < sizeof f->annotated ? site->policy_size : sizeof f->annotated;
    memcpy(&f->annotated, site->policy, known);
    atomic_store(&f->identity, (uint64_t)number << 32 | 1);
    key_shape_of(&f->shape, site, seed ^ ((uint64_t)number * 0x9E3779B97F4A7C15u));
    for (uint32_t i = 0; i < site->nparams; i++) {
        if (site->params[i].kind == SWRCACHE_KIND_OUT)
            f->outs_len += site->params[i].size;
        f->has_out_bytes |= site->params[i].kind == SWRCACHE_KIND_OUT_BYTES;
    }
    const struct swrcache_policy *p = &f->annotated;
    struct settings *s = &f->settings;
#define TIME(field, otherwise) atomic_store(&s->field, time_of(site, #field "_ms", p->field##_ms, otherwise))
    TIME(ttl, 30000 * NS_PER_MS);
    TIME(stale, 300000 * NS_PER_MS);
    TIME(stale_if_error, 3600000 * NS_PER_MS);
    TIME(negative, 0);
    TIME(wait, 5000 * NS_PER_MS);
    TIME(keep_warm, 0);
    TIME(retry, 1000 * NS_PER_MS);
    TIME(retry_max, 60000 * NS_PER_MS);
#undef TIME
    atomic_store(&s->keep_warm_idle, count_of(site, "keep_warm_idle", p->keep_warm_idle, 10, UINT32_MAX));
    atomic_store(&s->jitter_pct, count_of(site, "jitter_pct", p->jitter_pct, 10, 100));
    atomic_store(&s->max_entries, count_of(site, "max_entries", p->max_entries, UINT64_MAX, UINT64_MAX));
    atomic_store(&s->max_bytes, count_of(site, "max_bytes", p->max_bytes, UINT64_MAX, UINT64_MAX));
    f->bounds = &cache_bounds;
    f->give = give_of(f);
    return f;
}

struct function *function_of(struct swrcache_site *site)
{
    struct function *f = __atomic_load_n((struct function **)&site->function, __ATOMIC_ACQUIRE);
    if (f != NULL)
        return f;
    if (site->abi != SWRCACHE_ABI || site->size < SWRCACHE_SITE_LEAST || site->nparams > KEY_MAX_PARAMS ||
        site->policy_size < SWRCACHE_POLICY_LEAST)
        return NULL;
    lock_take(&functions_lock);
    f = __atomic_load_n((struct function **)&site->function, __ATOMIC_ACQUIRE);
    uint32_t n = atomic_load(&functions_known);
    if (seed == 0)
        seed = os_random();
    if (f == NULL && n < FUNCTIONS_MAX && (f = function_new(site, n)) != NULL) {
        atomic_store(&functions[n], f);
        atomic_store(&functions_known, n + 1);
        function_retune(f);
        __atomic_store_n((struct function **)&site->function, f, __ATOMIC_RELEASE);
    }
    lock_give(&functions_lock);
    return f;
}
