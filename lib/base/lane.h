/*
 * lane.h - what threads write often is there LANES times, so that they seldom meet: each thread keeps to one
 * of them, given out in turn. A lane has a lock all the same, as there may be more threads than lanes.
 */
#ifndef BASE_LANE_H
#define BASE_LANE_H

enum { LANES = 16 };

extern __thread unsigned lane_mine __attribute__((tls_model("initial-exec"))); /* 1 to LANES; 0: none yet */

unsigned lane_give(void);

static inline unsigned lane(void)
{
    return (__builtin_expect(lane_mine != 0, 1) ? lane_mine : lane_give()) - 1;
}

#endif
