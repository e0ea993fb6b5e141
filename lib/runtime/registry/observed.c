#define _GNU_SOURCE
#include "observed.h"
#include "runtime/setting/option.h"
#include "base/origin.h"
#include "base/os.h"
#include "base/shelter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

enum { PAGE = 4096 };

static _Atomic(struct observation *) shared;
static _Atomic int opening; /* 1: being opened or refused for good */

static struct observation *observation_open(const char *directory)
{
    struct observation *o = atomic_load_explicit(&shared, memory_order_acquire);
    if (o != NULL || atomic_exchange(&opening, 1) != 0)
        return o;
    size_t room = strlen(directory) + 64;
    char *path = os_alloc(room); /* a thread may have little stack */
    if (path == NULL)
        return NULL;
    snprintf(path, room, "%s/%ld.%llx", directory, (long)getpid(), (unsigned long long)os_random());
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    os_free(path);
    if (fd < 0)
        return NULL;
    void *map = MAP_FAILED;
    /* Where files must be smaller, making one so large would be a signal to the program. */
    struct rlimit most;
    if (getrlimit(RLIMIT_FSIZE, &most) == 0 && most.rlim_cur >= sizeof *o && ftruncate(fd, sizeof *o) == 0)
        map = mmap(NULL, sizeof *o, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (map == MAP_FAILED)
        return NULL;
    o = map;
    snprintf(o->program, sizeof o->program, "%s", origin_program());
    atomic_store(&o->magic, OBSERVATION_MAGIC);
    atomic_store_explicit(&shared, o, memory_order_release);
    return o;
}

static struct observed_function *row_of(struct observation *o)
{
    uint32_t mine = o != NULL ? atomic_fetch_add(&o->functions, 1) : OBSERVED_FUNCTIONS;
    return mine < OBSERVED_FUNCTIONS ? &o->function[mine] : NULL;
}

static size_t map_size(void)
{
    return (sizeof(struct observed_function) + PAGE - 1) & ~(size_t)(PAGE - 1);
}

static struct observed_function *made_for(struct function *f)
{
    const char *directory = option_text(OPTION_SWR_OBSERVE);
    struct observed_function *none = NULL, *o = directory != NULL ? row_of(observation_open(directory))
                                                                  : os_map(map_size(), PAGE);
    if (o == NULL || atomic_compare_exchange_strong(&f->observed, &none, o)) {
        if (o != NULL && directory != NULL)
            snprintf(o->name, sizeof o->name, "%s", f->site->name);
        return o;
    }
    /* Another thread was first: a row stays without a name, memory goes back. */
    if (directory == NULL)
        os_unmap(o, map_size());
    return none;
}

/* Where a function is counted; NULL: no room, or no memory. */
struct observed_function *observed_at(struct function *f)
{
    struct observed_function *o = atomic_load_explicit(&f->observed, memory_order_acquire);
    struct shelter shelter;
    int saved = errno;
    if (o != NULL)
        return o;
    shelter_take(&shelter);
    o = made_for(f);
    shelter_give(&shelter);
    errno = saved;
    return o;
}

void observe_begin(struct function *f)
{
    struct observed_function *o = atomic_load(&f->observed);
    if (o != NULL && option_text(OPTION_SWR_OBSERVE) == NULL)
        os_map_drop(o, map_size());
}
