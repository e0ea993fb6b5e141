/*
 * hostile.c - three libraries that ask before anybody is ready, by what they are built with:
 *   MALLOC         an allocator that asks at every allocation
 *   CONSTRUCTOR    asks from its constructor, which also starts threads that ask at once
 *   DLSYM          a dlsym() that asks at every look-up
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

double price(const char *symbol, int days);

static __thread int asking __attribute__((tls_model("initial-exec")));

__attribute__((unused)) static void ask(void)
{
    struct passwd user, *found;
    char room[1000];
    if (asking)
        return;
    asking = 1;
    if (price("HOSTILE", 3) < 1 || getpwuid_r(0, &user, room, sizeof room, &found) != 0 || found == NULL)
        _exit(60);
    asking = 0;
}

#ifdef MALLOC
/* Never gives anything back. The size stands before each block. */
enum { ARENA = 1 << 28, STEP = 16 };
static unsigned char arena[ARENA] __attribute__((aligned(4096)));
static size_t used;

static void *take(size_t alignment, size_t size)
{
    ask();
    alignment = alignment < STEP ? STEP : alignment;
    for (;;) {
        size_t before = __atomic_load_n(&used, __ATOMIC_RELAXED);
        size_t at = (before + STEP + alignment - 1) & ~(alignment - 1), after = at + size;
        if (after > ARENA || after < at)
            return NULL;
        if (!__atomic_compare_exchange_n(&used, &before, after, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
            continue;
        memcpy(arena + at - sizeof size, &size, sizeof size);
        return arena + at;
    }
}

void *malloc(size_t size)
{
    return take(STEP, size);
}

void *calloc(size_t n, size_t size)
{
    return take(STEP, n * size); /* the arena is zero, and used once */
}

void *memalign(size_t alignment, size_t size);
void *memalign(size_t alignment, size_t size)
{
    return take(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return take(alignment, size);
}

int posix_memalign(void **at, size_t alignment, size_t size)
{
    *at = take(alignment, size);
    return 0;
}

void *realloc(void *old, size_t size)
{
    size_t before = 0;
    void *at = take(STEP, size);
    if (old != NULL && at != NULL) {
        memcpy(&before, (unsigned char *)old - sizeof before, sizeof before);
        memcpy(at, old, before < size ? before : size);
    }
    return at;
}

void free(void *at)
{
    (void)at;
}
#endif

#ifdef CONSTRUCTOR
enum { THREADS = 4, TIMES = 100 };

static void *ask_often(void *unused)
{
    for (int i = 0; i < TIMES; i++)
        ask();
    return unused;
}

__attribute__((constructor)) static void start(void)
{
    pthread_t threads[THREADS];
    ask();
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, ask_often, NULL) != 0)
            _exit(61);
    ask_often(NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}
#endif

#ifdef DLSYM
typedef void *dlsym_fn(void *, const char *);

/* Of pseudo handles the real one would take this library for the caller: those it hands on by a jump. */
void *dlsym(void *restrict handle, const char *restrict name)
{
    static dlsym_fn *real;
    if (real == NULL)
        real = (dlsym_fn *)dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.34");
    if (real == NULL)
        real = (dlsym_fn *)dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.2.5");
    ask();
    return real(handle, name);
}
#endif
