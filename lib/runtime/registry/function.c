#include "function.h"
#include "runtime/setting/option.h"
#include "base/lock.h"

#include <string.h>

const char *const counter_names[COUNTERS] = {
#define COUNTER(name, help) #name,
#include "counter.def"
#undef COUNTER
};

LOCK(functions);
static _Atomic(struct function *) functions[FUNCTIONS_MAX];
static _Atomic uint32_t functions_known;
static uint64_t seed; /* functions_lock */

uint32_t function_count(void)
{
    return atomic_load(&functions_known);
}

struct function *function_at(uint32_t number)
{
    return number < FUNCTIONS_MAX ? atomic_load(&functions[number]) : NULL;
}

struct function *function_of_entry(const struct entry *e)
{
    return function_at(entry_function(e));
}

uint64_t function_identity_of(const struct entry *e)
{
    uint64_t now = atomic_load(&function_of_entry(e)->identity);
    return now - (uint32_t)((uint32_t)now - e->identity);
}

function_hit *(*function_way)(const struct function *f);

void function_learn(void)
{
    lock_take(&functions_lock);
    if (seed == 0)
        seed = os_random();
}

void function_learnt(void)
{
    lock_give(&functions_lock);
}

uint64_t function_seed(void)
{
    return seed;
}

void function_add(struct function *f)
{
    atomic_store(&functions[f->number], f);
    atomic_store(&functions_known, f->number + 1);
}
