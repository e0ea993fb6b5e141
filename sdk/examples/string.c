/* string.c - a heap string: every caller gets a copy of its own, and frees it. */
#include <swrcache.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

SWR_CACHED_STRING(greeting, (SWR_STR(name)), .ttl_ms = SWR_MINUTES(1), .fails = SWR_FAILS_NULL)
{
    size_t room = strlen(name ? name : "world") + sizeof "hello ";
    char *text = malloc(room);

    if (text)
        snprintf(text, room, "hello %s", name ? name : "world");
    return text;
}

int main(void)
{
    char *a = greeting("ada"), *b = greeting("ada"), *c = greeting(NULL);
    int good = a && b && c && a != b && !strcmp(a, b) && !strcmp(c, "hello world");

    if (a)
        a[0] = 'H'; /* ours: the next caller does not see it */
    free(a);
    a = greeting("ada");
    good = good && a && !strcmp(a, "hello ada");
    puts(good ? a : "wrong");
    free(a);
    free(b);
    free(c);
    return !good;
}
