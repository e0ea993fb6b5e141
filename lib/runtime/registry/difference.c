#include "difference.h"
#include "base/lock.h"
#include "base/os.h"

LOCK(differences); /* function.difference, and what it leads to */

bool difference_note(struct function *f, const struct difference *d)
{
    lock_take(&differences_lock);
    bool first = f->difference == NULL;
    if (first)
        f->difference = os_alloc(sizeof *d);
    if (f->difference != NULL)
        *f->difference = *d;
    lock_give(&differences_lock);
    return first;
}

bool difference_last(struct function *f, struct difference *d)
{
    lock_take(&differences_lock);
    bool known = f->difference != NULL;
    if (known)
        *d = *f->difference;
    lock_give(&differences_lock);
    return known;
}

void difference_forget(struct function *f)
{
    lock_take(&differences_lock);
    os_free(f->difference);
    f->difference = NULL;
    lock_give(&differences_lock);
}
