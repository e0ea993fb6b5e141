/* hello.c - the smallest annotation: a slow function that answers from memory. */
#include <swrcache.h>

#include <stdio.h>

static int computed;

SWR_CACHED(int, square, (SWR_VAL(int, x)))
{
    computed++; /* imagine a second of work */
    return x * x;
}

int main(void)
{
    int sum = square(12) + square(12);

    printf("%d, computed %d time%s\n", sum, computed, computed == 1 ? "" : "s");
    return !(sum == 288 && (computed == 1 || computed == 2)); /* 2 without the runtime */
}
