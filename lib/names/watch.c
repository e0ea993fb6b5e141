#include "watch.h"

#include "active.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <time.h>

#define MS UINT64_C(1000000)

enum {
    SELDOM_MS = 100, /* between two looks at what is looked at seldom */
    TICK_MS = 30,    /* two changes within one tick of the file system's clock may look like one */
    MOST_FUNCTIONS = 24,
};

enum looks { WHOLE, PLACE, SELDOM };

static const struct watched {
    const char *path;
    unsigned topics;
    enum swrcache_operation verb;
    enum looks looks;
} files[] = {
#define WATCHED(path, topics, verb, looks) {path, topics, SWRCACHE_OP_##verb, looks},
#include "files.def"
#undef WATCHED
};
enum { FILES = sizeof files / sizeof *files };

static struct {
    enum names_topic topic;
    size_t (*all)(enum swrcache_operation);
} functions[MOST_FUNCTIONS];
static unsigned nfunctions;

/*
 * How each file looked, in one word, so that no thread waits for another, a signal handler may look amid a
 * look, and a fork finds nothing half done. DOUBTFUL: the next look takes it for changed once more, as it was
 * just written, and may be written again within the same tick; or as it just changed, and the one who saw
 * that was a signal handler amid the runtime, whose verb is refused.
 */
enum { UNKNOWN = 0, DOUBTFUL = 1, ABSENT = 2 };
static _Atomic uint64_t marks[FILES];
static _Atomic uint64_t next_seldom;
enum { STATE_UNKNOWN, STATE_ACTIVE, STATE_OFF };
static _Atomic int state;

void watch_register(enum names_topic topic, size_t (*all)(enum swrcache_operation))
{
    if (nfunctions == MOST_FUNCTIONS)
        return;
    functions[nfunctions].topic = topic;
    functions[nfunctions++].all = all;
}

static int64_t ns_of(struct timespec t)
{
    return (int64_t)t.tv_sec * 1000 * (int64_t)MS + t.tv_nsec;
}

static int64_t now_of(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return ns_of(now);
}

static uint64_t mix(uint64_t sum, uint64_t word)
{
    sum = (sum ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    return sum ^ sum >> 29;
}

/* `written`: when it was, on the machine's clock. */
static uint64_t look_at(const struct watched *file, int64_t *written)
{
    struct stat st;
    *written = 0;
    if (stat(file->path, &st) != 0)
        return ABSENT;
    uint64_t sum = mix(mix(1, st.st_dev), st.st_ino);
    if (file->looks == WHOLE) {
        *written = ns_of(st.st_ctim);
        sum = mix(mix(mix(sum, (uint64_t)st.st_size), (uint64_t)ns_of(st.st_mtim)), (uint64_t)*written);
    }
    return (sum | 4) & ~(uint64_t)DOUBTFUL;
}

static bool within_a_tick(int64_t written)
{
    int64_t age = now_of(CLOCK_REALTIME_COARSE) - written;
    return age < (int64_t)(TICK_MS * MS) && age > -(int64_t)(TICK_MS * MS);
}

static void tell(unsigned invalid, unsigned expired)
{
    for (unsigned i = 0; i < nfunctions; i++)
        if ((functions[i].topic & invalid) != 0)
            functions[i].all(SWRCACHE_OP_INVALIDATE);
        else if ((functions[i].topic & expired) != 0)
            functions[i].all(SWRCACHE_OP_EXPIRE);
}

/* The marks change after the answers are gone: who finds them changed finds no old answer. */
static void look(unsigned topics, bool seldom)
{
    int saved = errno;
    unsigned invalid = 0, expired = 0, changed = 0;
    uint64_t next[FILES];
    for (unsigned i = 0; i < FILES; i++) {
        if ((files[i].topics & topics) == 0 || (files[i].looks == SELDOM && !seldom))
            continue;
        int64_t written;
        uint64_t was = atomic_load_explicit(&marks[i], memory_order_acquire);
        uint64_t now = look_at(&files[i], &written);
        if (now == was)
            continue;
        changed |= 1u << i;
        next[i] = now;
        bool differs = was != UNKNOWN && (was & ~(uint64_t)DOUBTFUL) != now;
        if (differs || (files[i].looks == WHOLE && within_a_tick(written)))
            next[i] |= DOUBTFUL;
        if (was != UNKNOWN)
            *(files[i].verb == SWRCACHE_OP_INVALIDATE ? &invalid : &expired) |= files[i].topics;
    }
    if ((invalid | expired) != 0)
        tell(invalid, expired);
    for (unsigned i = 0; i < FILES; i++)
        if ((changed & 1u << i) != 0)
            atomic_store_explicit(&marks[i], next[i], memory_order_release);
    errno = saved;
}

void watch_moved(unsigned topics)
{
    int saved = errno;
    if (swrcache_api != NULL && atomic_load(&state) == STATE_ACTIVE)
        tell(topics, 0);
    errno = saved;
}

bool watch_ready(enum names_topic topic)
{
    int now_state = atomic_load_explicit(&state, memory_order_relaxed);
    if (swrcache_api == NULL || now_state == STATE_OFF)
        return false;
    if (now_state == STATE_UNKNOWN) {
        now_state = active_program() ? STATE_ACTIVE : STATE_OFF;
        atomic_store(&state, now_state);
        if (now_state == STATE_OFF)
            return false;
    }
    if (active_pam()) {
        atomic_store(&state, STATE_OFF);
        return false;
    }
    uint64_t now = (uint64_t)now_of(CLOCK_MONOTONIC_COARSE);
    uint64_t due = atomic_load_explicit(&next_seldom, memory_order_relaxed);
    look(topic, now >= due && atomic_compare_exchange_strong(&next_seldom, &due, now + SELDOM_MS * MS));
    return true;
}
