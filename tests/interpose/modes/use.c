/*
 * use.c - obeys lines: NAME N calls that function N times with five keys, each key answered as it should be
 * in this world or in the one before; `world N` begins another, `advance N` moves the time. Answered by
 * "CALLS old NOLD new NNEW": how often the function itself was called, and what was got.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <swrcache/abi.h>

int number(int key, int *value);
double ratio(int key);
char *text(int key);
const char *name(int key);
void fill(int key, char *buffer, size_t room);
int pair(int a, int b);
int asked(int world);

/* What world the answer is of; -1: of none. */
static int call(const char *which, int key)
{
    int of = -1, value = -1, there;
    char buffer[32];
    memset(buffer, rand(), sizeof buffer);
    if (strcmp(which, "number") == 0)
        return number(key, &value) == key ? value - key * 2 : -1;
    if (strcmp(which, "ratio") == 0)
        return (int)(ratio(key) - key / 4.0);
    if (strcmp(which, "fill") == 0) {
        fill(key, buffer, sizeof buffer);
        return atoi(buffer) - key;
    }
    if (strcmp(which, "pair") == 0)
        return pair(key, rand() % 100) / 100 == key ? 0 : -1;
    if (strcmp(which, "text") == 0) {
        char *s = text(key);
        of = sscanf(s, "%d of %d", &there, &value) == 2 && there == key ? value : -1;
        free(s);
    } else if (strcmp(which, "name") == 0) {
        of = sscanf(name(key), "%d in %d", &there, &value) == 2 && there == key ? value : -1;
    }
    return of;
}

/* Where there is a cache, whose time stands still. */
static void advance(uint64_t ms)
{
    union {
        void *found;
        swrcache_attach_fn *attach;
    } door = {dlsym(RTLD_DEFAULT, "swrcache_attach")};
    if (door.found != NULL)
        door.attach(SWRCACHE_ABI)->advance(ms);
}

int main(void)
{
    char line[64], which[64];
    int world = 0, n;
    while (fgets(line, sizeof line, stdin) != NULL && sscanf(line, "%63s %d", which, &n) == 2) {
        int old = 0, new = 0;
        if (strcmp(which, "world") == 0)
            world = n;
        else if (strcmp(which, "advance") == 0)
            advance((uint64_t)n);
        else
            for (int i = 0; i < n; i++) {
                int of = call(which, i % 5);
                old += of == world - 1;
                new += of == world;
            }
        printf("%d old %d new %d\n", asked(world), old, new);
        fflush(stdout);
    }
    return 0;
}
