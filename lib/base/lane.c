#include "lane.h"

#include <stdatomic.h>

__thread unsigned lane_mine __attribute__((tls_model("initial-exec")));

static _Atomic unsigned given;

unsigned lane_give(void)
{
    lane_mine = atomic_fetch_add_explicit(&given, 1, memory_order_relaxed) % LANES + 1;
    return lane_mine;
}
