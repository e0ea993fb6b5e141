#include "watch.h"

#include "active.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <time.h>

#define MS UINT64_C(1000000)

enum {
    LOOK_MS = 100,      /* between two looks at the files */
    CLOSELY_MS = 10000, /* at least as long as a negative answer lives */
    MOST_FUNCTIONS = 24,
};

static const struct watched {
    const char *path;
    unsigned topics;
    enum swrcache_operation verb;
} files[] = {
#define WATCHED(path, topics, verb) {path, topics, SWRCACHE_OP_##verb},
#include "files.def"
#undef WATCHED
};
enum { FILES = sizeof files / sizeof *files };

struct mark {
    bool known, there;
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec modified, changed;
};

static struct {
    enum names_topic topic;
    size_t (*all)(enum swrcache_operation);
} functions[MOST_FUNCTIONS];
static unsigned nfunctions;

static struct mark marks[FILES]; /* looking */
static atomic_bool looking;
static _Atomic uint64_t next_look, closely_until[4];
enum { STATE_UNKNOWN, STATE_ACTIVE, STATE_OFF };
static _Atomic int state;

void watch_register(enum names_topic topic, size_t (*all)(enum swrcache_operation))
{
    if (nfunctions == MOST_FUNCTIONS)
        return;
    functions[nfunctions].topic = topic;
    functions[nfunctions++].all = all;
}

static uint64_t now_coarse(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (uint64_t)now.tv_sec * 1000 * MS + (uint64_t)now.tv_nsec;
}

static bool same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool changed(const struct watched *file, struct mark *mark)
{
    struct stat st;
    struct mark now = {.known = true};
    if (stat(file->path, &st) == 0)
        now = (struct mark){true, true, st.st_dev, st.st_ino, st.st_size, st.st_mtim, st.st_ctim};
    bool differs =
        mark->known && (mark->there != now.there || mark->device != now.device || mark->inode != now.inode ||
                        mark->size != now.size || !same_time(mark->modified, now.modified) ||
                        !same_time(mark->changed, now.changed));
    *mark = now;
    return differs;
}

static void look(unsigned topics)
{
    int saved = errno;
    unsigned invalid = 0, expired = 0;
    if (atomic_exchange_explicit(&looking, true, memory_order_acquire))
        return;
    for (unsigned i = 0; i < FILES; i++)
        if ((files[i].topics & topics) != 0 && changed(&files[i], &marks[i]))
            *(files[i].verb == SWRCACHE_OP_INVALIDATE ? &invalid : &expired) |= files[i].topics;
    atomic_store_explicit(&looking, false, memory_order_release);
    for (unsigned i = 0; i < nfunctions && (invalid | expired) != 0; i++)
        if ((functions[i].topic & invalid) != 0)
            functions[i].all(SWRCACHE_OP_INVALIDATE);
        else if ((functions[i].topic & expired) != 0)
            functions[i].all(SWRCACHE_OP_EXPIRE);
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
    uint64_t now = now_coarse();
    uint64_t due = atomic_load_explicit(&next_look, memory_order_relaxed);
    if (now >= due && atomic_compare_exchange_strong(&next_look, &due, now + LOOK_MS * MS)) {
        if (active_pam()) {
            atomic_store(&state, STATE_OFF);
            return false;
        }
        look(~0u);
    } else if (now < atomic_load_explicit(&closely_until[__builtin_ctz(topic)], memory_order_relaxed)) {
        look(topic);
    }
    return true;
}

void watch_negative(enum names_topic topic)
{
    atomic_store(&closely_until[__builtin_ctz(topic)], now_coarse() + CLOSELY_MS * MS);
}

void watch_fork_child(void)
{
    atomic_store(&looking, false);
}
