/* lib.c - functions of every result, that count their calls and give something else in another world. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int number(int key, int *value);
double ratio(int key);
char *text(int key);
const char *name(int key);
void fill(int key, char *buffer, size_t room);
int pair(int a, int b);
int asked(int world);

static int calls, world;

/* How often any was called since. */
int asked(int now)
{
    int n = calls;
    calls = 0;
    world = now;
    return n;
}

int number(int key, int *value)
{
    calls++;
    *value = key * 2 + world;
    return key;
}

double ratio(int key)
{
    calls++;
    return key / 4.0 + world;
}

char *text(int key)
{
    char *s = malloc(32);
    calls++;
    snprintf(s, 32, "%d of %d", key, world);
    return s;
}

/* A buffer of its own, used again. */
const char *name(int key)
{
    static char s[32];
    calls++;
    snprintf(s, sizeof s, "%d in %d", key, world);
    return s;
}

/* Leaves the rest as it was. */
void fill(int key, char *buffer, size_t room)
{
    calls++;
    snprintf(buffer, room, "%d", key + world);
}

int pair(int a, int b)
{
    calls++;
    return a * 100 + b;
}
