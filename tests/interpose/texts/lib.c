/* lib.c - functions whose texts the caller must not free: one buffer a thread, used again. */
#include <stdatomic.h>
#include <stdio.h>

const char *title_of(int n);
const char *name_of(int n);
int texts_calls(void);

static atomic_int calls;

int texts_calls(void)
{
    return atomic_load(&calls);
}

const char *title_of(int n)
{
    static _Thread_local char text[100];
    atomic_fetch_add(&calls, 1);
    snprintf(text, sizeof text, "title %d of several words", n);
    return text;
}

const char *name_of(int n)
{
    static _Thread_local char text[100];
    atomic_fetch_add(&calls, 1);
    snprintf(text, sizeof text, "name-%d-%050d", n, n);
    return text;
}
