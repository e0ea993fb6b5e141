/*
 * difference.h - mode shadow: which answer of a function was found wrong last, in words.
 *
 * A copy is kept, cut to what fits in a line: the entry goes its way.
 */
#ifndef RUNTIME_DIFFERENCE_H
#define RUNTIME_DIFFERENCE_H

#include "function.h"

enum { DIFFERENCE_KEY = 160, DIFFERENCE_VALUE = 80 };

struct difference {
    char key[DIFFERENCE_KEY];                             /* escaped; of a secret function three stars */
    char kept[DIFFERENCE_VALUE], given[DIFFERENCE_VALUE]; /* what was answered, and what the function gave */
    uint64_t age;                                         /* ns, of what was answered */
};

/* Copies `d`. True: it is the first since it was forgotten. */
bool difference_note(struct function *f, const struct difference *d);
/* Gives a copy; false: there was none. */
bool difference_last(struct function *f, struct difference *d);
void difference_forget(struct function *f);
#endif
