/* together.h - values that are put by one commit: a reader sees all of it or nothing. */
#ifndef HAZARD_TOGETHER_H
#define HAZARD_TOGETHER_H

#include "swrcache.h"

enum { TOGETHER = 20 };

/* All of a commit, or nothing of it. What a relative commits meanwhile is dropped here between two looks:
 * only what stays torn is torn. */
static inline bool together(void)
{
    for (int tries = 0; tries < 100; tries++) {
        long first = -1, value = -1;
        bool same = true;
        for (int i = 0; i < TOGETHER; i++) {
            if (swrcache_get("together", &i, sizeof i, &value, sizeof value) != sizeof value)
                value = -1;
            first = i == 0 ? value : first;
            same &= value == first;
        }
        if (same)
            return true;
    }
    return false;
}

#endif
