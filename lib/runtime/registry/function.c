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
LOCK(numbers);
/* Added to under functions_lock; a function is taken out under both, as who holds none looks under one. */
static _Atomic(struct function *) functions[FUNCTIONS_MAX];
static _Atomic uint32_t numbered;
static _Atomic(struct function *) counted[FUNCTIONS_COUNTED];
static _Atomic uint32_t made, gone;
static _Atomic uint64_t gone_counts[COUNTERS];
/* functions_lock */
static uint32_t dictionaries, counted_known;
static uint64_t seed;
static uint16_t free_numbers[DICTIONARIES_MAX]; /* used again, the latest first, */
static uint32_t free_count;
static uint64_t next_identity[FUNCTIONS_MAX]; /* with that; 0: the first */

uint32_t function_count(void)
{
    return atomic_load(&numbered);
}

uint32_t function_made(void)
{
    return atomic_load(&made);
}

uint32_t function_known(void)
{
    uint32_t were = atomic_load(&gone);
    return atomic_load(&made) - were;
}

struct function *function_at(uint32_t number)
{
    return number < FUNCTIONS_MAX ? atomic_load(&functions[number]) : NULL;
}

struct function *function_next(uint32_t *at)
{
    struct function *f = NULL;
    lock_take(&numbers_lock);
    while (f == NULL && *at < function_count())
        f = atomic_load(&functions[(*at)++]);
    if (f != NULL)
        function_hold(f);
    lock_give(&numbers_lock);
    return f;
}

void function_hold_named(const struct mark_name *name)
{
    if (name->kind != MARK_TAG)
        function_hold(function_at(name->function));
}

void function_release_named(const struct mark_name *name)
{
    if (name->kind != MARK_TAG)
        function_release(function_at(name->function));
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

bool function_number(const char *name, bool dictionary, uint32_t *number, uint32_t *which, uint64_t *identity)
{
    *number = free_count != 0 ? free_numbers[free_count - 1] : function_count();
    if (*number < FUNCTIONS_MAX && (!dictionary || dictionaries < DICTIONARIES_MAX)) {
        *identity = next_identity[*number] != 0 ? next_identity[*number] : entry_identity(*number, 1);
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
    if (free_count != 0 && free_numbers[free_count - 1] == f->number)
        free_count--;
    atomic_fetch_add(&made, 1);
    atomic_store(&functions[f->number], f);
    if (f->number >= function_count())
        atomic_store(&numbered, f->number + 1);
}

uint32_t function_dictionaries(void)
{
    return dictionaries;
}

bool function_remove(struct function *f)
{
    uint64_t none = 0;
    lock_take(&numbers_lock);
    bool unheld = atomic_compare_exchange_strong(f->kept, &none, FUNCTION_GONE);
    if (unheld)
        atomic_store(&functions[f->number], NULL);
    lock_give(&numbers_lock);
    if (!unheld)
        return false;
    /* No entry, no mark and no note of a batch has the number any more: only what became of keys does
     * (cache/history.c), and there a former function is known by its identity. */
    next_identity[f->number] = atomic_load(&f->identity) + entry_identity(0, 1);
    free_numbers[free_count++] = (uint16_t)f->number;
    dictionaries--;
    for (int c = 0; c < COUNTERS; c++)
        atomic_fetch_add(&gone_counts[c], atomic_load(&f->counts[c]));
    atomic_fetch_add(&gone, 1);
    return true;
}

uint64_t function_gone_counter(enum counter c)
{
    return atomic_load(&gone_counts[c]);
}
