/*
 * use.c - texts that are handed out by wrapped functions.
 *   written    what is written into one reaches no other call
 *   threads    nor another thread that has the same text at that time
 *   many       so many that their room is full; then waits for a line, lets two minutes pass, tries again
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <swrcache/abi.h>

char *title_of(int n);
char *name_of(int n);
int texts_calls(void);

enum { MANY = 200000 };
static const char title[] = "title 7 of several words";

static void written(void)
{
    int wrong = 0;
    for (int i = 0; i < 10; i++) {
        char *t = title_of(7);
        wrong += strcmp(t, title) != 0;
        if (i % 3 == 0)
            *strchr(t, ' ') = 0;
        else if (i % 3 == 1)
            strtok(t, " ");
        else
            memset(t, 'x', strlen(t));
    }
    printf("%d wrong, %d calls\n", wrong, texts_calls());
}

static pthread_barrier_t barrier;
static _Atomic int wrong_there;

static void *writer(void *cookie)
{
    (void)cookie;
    char *t = title_of(7);
    pthread_barrier_wait(&barrier); /* both have it */
    memset(t, 'x', strlen(t));
    pthread_barrier_wait(&barrier);
    return NULL;
}

static void *reader(void *cookie)
{
    (void)cookie;
    const char *t = title_of(7);
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier); /* it is written to */
    wrong_there += strcmp(t, title) != 0;
    return NULL;
}

static void threads(void)
{
    title_of(7);
    for (int i = 0; i < 100; i++) {
        pthread_t a, b;
        pthread_barrier_init(&barrier, NULL, 2);
        if (pthread_create(&a, NULL, writer, NULL) != 0 || pthread_create(&b, NULL, reader, NULL) != 0)
            exit(2);
        pthread_join(a, NULL);
        pthread_join(b, NULL);
        pthread_barrier_destroy(&barrier);
    }
    printf("%d wrong, %d calls\n", (int)wrong_there, texts_calls());
}

static long resident_kb(void)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f == NULL || fscanf(f, "%*d %ld", &pages) != 1)
        pages = -1;
    if (f != NULL)
        fclose(f);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static bool right(int n)
{
    char wanted[100];
    snprintf(wanted, sizeof wanted, "name-%d-%050d", n, n);
    return strcmp(name_of(n), wanted) == 0;
}

/* Whether a second call comes without the function. */
static bool cached(int n)
{
    bool both = right(n);
    int before = texts_calls();
    return right(n) && both && texts_calls() == before;
}

static void many(void)
{
    swrcache_attach_fn *attach;
    *(void **)&attach = dlsym(RTLD_DEFAULT, "swrcache_attach");
    const struct swrcache_api *api = attach != NULL ? attach(SWRCACHE_ABI) : NULL;
    if (api == NULL)
        exit(2);
    int wrong = 0;
    long before = resident_kb();
    name_of(0);
    api->advance(1000); /* the control socket is opened by calls later than a moment after the first */
    const char *first = name_of(0);
    char begun[100];
    snprintf(begun, sizeof begun, "%s", first);
    for (int i = 0; i < MANY; i++)
        wrong += !right(i);
    bool held = strcmp(first, begun) == 0; /* a text that is lately asked for stays, whatever comes */
    bool full = !cached(MANY);
    printf("%d wrong, %s, %s\n", wrong, full ? "full" : "not full", held ? "held" : "gone");
    fflush(stdout);
    if (getchar() == EOF)
        exit(2);
    api->advance(120000);
    name_of(1); /* looks for what is old */
    printf("%s\n", cached(MANY) && cached(MANY + 1) ? "room again" : "no room");
    for (int i = 0; i < MANY; i++)
        wrong += !right(i);
    for (int round = 0; round < 5; round++) {
        api->advance(120000);
        for (int i = 0; i < 1000; i++)
            wrong += !right(MANY + round * 1000 + i);
    }
    printf("%d wrong, %s\n", wrong, resident_kb() - before < 200000 ? "bounded" : "not bounded");
}

int main(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "";
    if (strcmp(word, "written") == 0)
        written();
    else if (strcmp(word, "threads") == 0)
        threads();
    else
        many();
    return 0;
}
