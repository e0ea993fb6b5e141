/*
 * leaks.c - a program that remembers objects of its own by keys of every length, under a leak checker. With
 * an argument it loses 77 bytes, which the checker must tell.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <swrcache.h>

struct thing {
    _Atomic int references;
    char text[20];
};

static struct thing *thing_new(const char *text)
{
    struct thing *thing = malloc(sizeof *thing);
    if (thing == NULL)
        return NULL;
    atomic_init(&thing->references, 1);
    snprintf(thing->text, sizeof thing->text, "%.19s", text);
    return thing;
}

static struct thing *thing_ref(const struct thing *thing)
{
    struct thing *shared = (struct thing *)(uintptr_t)thing;
    atomic_fetch_add(&shared->references, 1);
    return shared;
}

static void thing_unref(struct thing *thing)
{
    if (atomic_fetch_sub(&thing->references, 1) == 1)
        free(thing);
}

SWR_CACHED_OBJECT(struct thing, by_name, (SWR_STR(name)), thing_ref, thing_unref, .ttl_ms = SWR_HOURS(1))
{
    return thing_new(name);
}

SWR_CACHED_OBJECT(struct thing, by_number, (SWR_VAL(int, number), SWR_OUT(char, first)), thing_ref,
                  thing_unref, .ttl_ms = SWR_HOURS(1), .max_entries = 500)
{
    char text[20];
    snprintf(text, sizeof text, "%d", number);
    *first = text[0];
    return thing_new(text);
}

SWR_CACHED_STRING(text_of, (SWR_VAL(int, number)), .ttl_ms = SWR_HOURS(1))
{
    char *text = malloc(30);
    if (text != NULL)
        snprintf(text, 30, "number %d", number);
    return text;
}

static void *volatile lost;

int main(int argc, char **argv)
{
    (void)argv;
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 1000; i++) {
            char name[30], first;
            snprintf(name, sizeof name, "%.*s", i % 26, letters);
            struct thing *named = by_name(name), *numbered = by_number(i, &first);
            if (named == NULL || numbered == NULL)
                return 2;
            thing_unref(named);
            thing_unref(numbered);
            free(text_of(i));
        }
    struct swrcache_info info;
    swrcache_last(&info);
    if (info.outcome != SWR_HIT)
        return 3; /* without the runtime there is nothing to lose */
    SWR_INVALIDATE_ALL(by_name);
    if (argc > 1) {
        lost = malloc(77);
        lost = NULL;
    }
    return 0;
}
