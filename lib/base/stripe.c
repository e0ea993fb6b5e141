#include "stripe.h"

#include <stdatomic.h>

__thread unsigned stripe_mine __attribute__((tls_model("initial-exec")));

static _Atomic unsigned given;

unsigned stripe_give(void)
{
    stripe_mine = atomic_fetch_add_explicit(&given, 1, memory_order_relaxed) % STRIPES + 1;
    return stripe_mine;
}
