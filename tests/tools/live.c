/* A program to look into: two calls, then it waits until its standard input closes. */
#include <stdio.h>
#include <unistd.h>

#include <swrcache.h>

SWR_CACHED(double, quote, (SWR_STR(symbol), SWR_VAL(int, days)), .ttl_ms = SWR_MINUTES(10))
{
    return symbol[0] + days;
}

SWR_CACHED(int, pin, (SWR_STR(user)), .secret = true)
{
    return user[0];
}

int main(void)
{
    char byte;
    quote("ACME", 3);
    quote("ACME", 3);
    quote("BE\nTA", 1);
    pin("alice");
    puts("ready");
    fflush(stdout);
    return read(0, &byte, 1) < 0;
}
