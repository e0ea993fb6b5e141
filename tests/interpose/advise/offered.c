/* offered.c - a library with a function of every sort. */
#include "offered.h"

#include <time.h>

struct handle {
    int size;
};

double scaled(const char *name, int days)
{
    struct timespec ms = {0, 1000000};
    nanosleep(&ms, NULL);
    return name[0] * days;
}

number_t doubled(number_t n)
{
    return 2 * n;
}

const char *colour_name(enum colour c)
{
    return c == RED ? "red" : "green";
}

long long wide(short a, unsigned char b, float c, _Bool d, char e, const char *__restrict f)
{
    return a + b + (long long)c + d + e + f[0];
}

int nothing_in(void)
{
    return 7;
}

static struct handle only = {3};

handle_t handle_new(const char *name)
{
    only.size = name[0];
    return &only;
}

int handle_size(handle_t h)
{
    return h->size;
}

char *fresh_text(int n)
{
    return n == 0 ? NULL : (char *)0;
}

int filled(char *room, size_t len)
{
    room[len - 1] = 0;
    return 0;
}

int counted(const char *bytes, size_t len)
{
    return bytes[len - 1];
}

int through(int *x)
{
    return (*x)++;
}

int sorted(compare_fn *compare)
{
    return compare(&only, &only);
}

int logged(const char *format, ...)
{
    return format[0];
}

long double exact(int n)
{
    return n;
}

void silent(int n)
{
    only.size = n;
}

int old_one(int n);
int new_one(int n);
int old_one(int n)
{
    return n;
}
int new_one(int n)
{
    return n + 1;
}
__asm__(".symver old_one, versioned@OFFERED_1");
__asm__(".symver new_one, versioned@@OFFERED_2");

typedef int chosen_fn(int);
static int chosen_one(int n)
{
    return n + 2;
}
static chosen_fn *choose(void)
{
    return chosen_one;
}
int chosen(int n) __attribute__((ifunc("choose")));

/* In no header. */
int hidden_helper(struct handle *h);
int hidden_helper(struct handle *h)
{
    return h->size;
}
