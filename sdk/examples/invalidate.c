/* invalidate.c - a writer tells the cache: after SWR_INVALIDATE returns nobody gets the old value. */
#include <swrcache.h>

#include <stdio.h>

static int balance[3] = {10, 20, 30}; /* the database */

SWR_CACHED(int, balance_of, (SWR_VAL(int, account)), .ttl_ms = SWR_FOREVER, .region = "bank.balance")
{
    if (account < 0 || account > 2) {
        swrcache_skip(); /* not worth remembering */
        return 0;
    }
    return balance[account];
}

static void deposit(int account, int amount)
{
    balance[account] += amount;
    SWR_INVALIDATE(balance_of, account);
}

int main(void)
{
    struct swrcache_info info;
    int before = balance_of(1), seen = 0;

    deposit(1, 5);
    if (before != 20 || balance_of(1) != 25)
        return 1;
    balance_of(1);
    swrcache_last(&info);
    printf("the last call was a %s\n", info.outcome == SWR_HIT ? "hit" : "plain call or a miss");
    if (SWR_PEEK(balance_of, &seen, 1) && seen != 25)
        return 1;
    SWR_EXPIRE_ALL(balance_of);
    return SWR_UNCACHED(balance_of)(1) != 25;
}
