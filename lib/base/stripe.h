/*
 * stripe.h - what threads write often is there STRIPES times, so that they seldom meet: each thread keeps to
 * one of them, given out in turn. A stripe has a lock all the same, as there may be more threads than
 * stripes.
 */
#ifndef BASE_STRIPE_H
#define BASE_STRIPE_H

enum { STRIPES = 16 };

extern __thread unsigned stripe_mine
    __attribute__((tls_model("initial-exec"))); /* 1 to STRIPES; 0: none yet */

unsigned stripe_give(void);

static inline unsigned stripe(void)
{
    return (__builtin_expect(stripe_mine != 0, 1) ? stripe_mine : stripe_give()) - 1;
}

#endif
