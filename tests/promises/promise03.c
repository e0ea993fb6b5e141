/* Promise 3: N callers that miss the same key at once: one computes, the others get its result. */
#include "promise.h"

static _Atomic int bodies, coalesced, computed;

SWR_CACHED(int, slow, (SWR_VAL(int, id)))
{
    return id + ++bodies;
}

static void *caller(void *unused)
{
    (void)unused;
    CHECK(slow(100) == 101);
    enum swrcache_outcome how = outcome();
    if (how == SWR_MISS)
        computed++;
    else if (how == SWR_COALESCED || how == SWR_HIT)
        coalesced++;
    return NULL;
}

int main(void)
{
    pthread_t threads[16];
    gate_close("leader.before_call");
    for (int i = 0; i < 16; i++)
        pthread_create(&threads[i], NULL, caller, NULL);
    gate_await(1);
    gate_open();
    for (int i = 0; i < 16; i++)
        pthread_join(threads[i], NULL);
    CHECK(bodies == 1 && computed == 1 && coalesced == 15);
    return finish("promise 3");
}
