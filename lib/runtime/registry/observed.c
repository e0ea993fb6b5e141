#define _GNU_SOURCE
#include "observed.h"
#include "runtime/setting/option.h"
#include "base/lock.h"
#include "base/origin.h"
#include "base/os.h"
#include "base/shelter.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

enum { PAGE = 4096 };

LOCK(observed); /* making the file, rows and memory: threads that begin together all come to have them */

static struct observation *shared; /* the lock; NULL: not made, or refused */
static bool tried;
static _Atomic bool any;

static struct observation *file_made(const char *directory)
{
    struct observation *o = NULL;
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
    return o;
}

/* The lock. */
static struct observation *observation_open(const char *directory)
{
    if (shared == NULL && !tried)
        shared = file_made(directory);
    tried = true;
    return shared;
}

/* Its name can be read; a forked process that has just taken one gets a moment to write it. */
static bool is_named(struct observed_function *o)
{
    for (int i = 0; i < 1000 && !atomic_load(&o->named); i++)
        sched_yield();
    return atomic_load(&o->named);
}

/*
 * Forked processes share a file: the workers of a server would need more rows than there are, so each
 * function has one for all. Of two processes that take one at once, the later row stays empty.
 */
static struct observed_function *row_of(struct observation *o, const char *name)
{
    uint32_t known = atomic_load(&o->functions), mine;
    for (uint32_t i = 0; i < known && i < OBSERVED_FUNCTIONS; i++)
        if (is_named(&o->function[i]) &&
            strncmp(o->function[i].name, name, sizeof o->function[i].name - 1) == 0)
            return &o->function[i];
    mine = atomic_fetch_add(&o->functions, 1);
    if (mine >= OBSERVED_FUNCTIONS)
        return NULL;
    snprintf(o->function[mine].name, sizeof o->function[mine].name, "%s", name);
    atomic_store(&o->function[mine].named, 1);
    for (uint32_t i = known; i < mine; i++)
        if (is_named(&o->function[i]) && strcmp(o->function[i].name, o->function[mine].name) == 0)
            return &o->function[i];
    return &o->function[mine];
}

static size_t map_size(void)
{
    return (sizeof(struct observed_function) + PAGE - 1) & ~(size_t)(PAGE - 1);
}

static struct observed_function *made_for(struct function *f)
{
    const char *directory = option_text(OPTION_SWR_OBSERVE);
    if (directory == NULL)
        return os_map(map_size(), PAGE);
    struct observation *o = observation_open(directory);
    return o != NULL ? row_of(o, f->site->name) : NULL;
}

bool observed_any(void)
{
    return atomic_load_explicit(&any, memory_order_relaxed);
}

struct observed_function *observed_at(struct function *f)
{
    struct observed_function *o = atomic_load_explicit(&f->observed, memory_order_acquire);
    struct shelter shelter;
    int saved = errno;
    if (o != NULL)
        return o;
    shelter_take(&shelter);
    lock_take(&observed_lock);
    o = atomic_load(&f->observed);
    if (o == NULL && (o = made_for(f)) != NULL) {
        atomic_store_explicit(&f->observed, o, memory_order_release);
        atomic_store(&any, true);
    }
    lock_give(&observed_lock);
    shelter_give(&shelter);
    errno = saved;
    return o;
}

void observed_early(void)
{
    const char *directory = option_text(OPTION_SWR_OBSERVE);
    if (directory == NULL)
        return;
    function_learn(); /* the seed of hashes: forked processes know a key by the same number */
    function_learnt();
    if (geteuid() != 0)
        return;
    lock_take(&observed_lock);
    observation_open(directory);
    lock_give(&observed_lock);
}

void observe_begin(struct function *f)
{
    struct observed_function *o = atomic_load(&f->observed);
    if (o != NULL && option_text(OPTION_SWR_OBSERVE) == NULL)
        os_map_drop(o, map_size());
}
