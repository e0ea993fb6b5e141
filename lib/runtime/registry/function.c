#include "function.h"
#include "runtime/setting/complaint.h"
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
static _Atomic(struct function *) counted[FUNCTIONS_COUNTED];
static uint32_t dictionaries, counted_known; /* functions_lock */
static uint64_t seed;                        /* the same */

uint32_t function_count(void)
{
    return atomic_load(&functions_known);
}

struct function *function_at(uint32_t number)
{
    return number < FUNCTIONS_MAX ? atomic_load(&functions[number]) : NULL;
}

struct function *function_counted(uint32_t which)
{
    return which < FUNCTIONS_COUNTED ? atomic_load(&counted[which]) : NULL;
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

bool function_number(const char *name, bool dictionary, uint32_t *number, uint32_t *which)
{
    *number = function_count();
    if (*number < FUNCTIONS_MAX && (!dictionary || dictionaries < DICTIONARIES_MAX)) {
        *which =
            dictionary || counted_known == FUNCTIONS_COUNTED ? (uint32_t)FUNCTION_UNCOUNTED : counted_known;
        return true;
    }
    if (dictionary)
        option_complain(
            "nothing is put into region %.60s: there are %d regions with puts, as many as there can be", name,
            (int)DICTIONARIES_MAX);
    else
        option_complain("%.80s is called uncached: there are %d functions, as many as there can be", name,
                        (int)FUNCTIONS_MAX);
    return false;
}

void function_add(struct function *f)
{
    dictionaries += f->dictionary;
    if (f->counted != FUNCTION_UNCOUNTED) {
        atomic_store(&counted[f->counted], f);
        counted_known = f->counted + 1;
    }
    atomic_store(&functions[f->number], f);
    atomic_store(&functions_known, f->number + 1);
}
