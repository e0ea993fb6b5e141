/* The C++ half of throwing.c. */
#include "throwing.h"

void cxx_throw(int n)
{
    throw n;
}

int cxx_catch(int (*f)(int), int n)
{
    try {
        return f(n);
    } catch (int thrown) {
        return -thrown;
    }
}
