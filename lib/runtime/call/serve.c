#include "serve.h"
#include "outcome.h"
#include "runtime/compute/dependencies.h"

bool serve_entry(struct thread *t, struct function *f, struct entry *e, const struct swrcache_arg *args,
                 void *result, enum decision d, uint64_t now)
{
    if (unlikely(!serve_value(f, e, args, result, 0, false)))
        return false;
    if (unlikely(t->bound != NULL))
        dependencies_saw(t->bound, f, e);
    entry_touch(e, outcome_note(t, f, outcome_of(d), e, now));
    if (unlikely(entry_flags(e) & ENTRY_FAILED))
        errno = entry_errno(e);
    return true;
}
