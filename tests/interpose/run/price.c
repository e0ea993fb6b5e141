/* price.c - the n-th call of each function gets n. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

double price(const char *symbol, int days);
const char *who(int n);
double loud(int n);
int failing(int n);

double price(const char *symbol, int days)
{
    static double calls;
    (void)symbol;
    (void)days;
    return ++calls;
}

/* A buffer of its own, used again. */
const char *who(int n)
{
    static char name[2];
    name[0] = (char)('a' + n);
    return name;
}

int failing(int n)
{
    static int calls;
    return ++calls == 1 ? -1 : n;
}
