/* lib.c - a library that is not the shim's: every answer differs from the last. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct thing {
    int references, number;
};
int count(const char *of, int by);
char *text(int n);
struct thing *thing_make(int n);
struct thing *thing_copy(struct thing *t);
void thing_free(struct thing *t);
void measure(int n, double *result);

static int calls;

int count(const char *of, int by)
{
    return (int)strlen(of) * 1000 + by + ++calls * 100000;
}

char *text(int n)
{
    char *s = malloc(32);
    snprintf(s, 32, "%d.%d", n, ++calls);
    return s;
}

struct thing *thing_make(int n)
{
    struct thing *t = malloc(sizeof *t);
    *t = (struct thing){1, n * 1000 + ++calls};
    return t;
}

struct thing *thing_copy(struct thing *t)
{
    __atomic_add_fetch(&t->references, 1, __ATOMIC_RELAXED);
    return t;
}

void thing_free(struct thing *t)
{
    if (__atomic_sub_fetch(&t->references, 1, __ATOMIC_ACQ_REL) == 0)
        free(t);
}

void measure(int n, double *result)
{
    *result = n + ++calls * .5;
}
