#define _GNU_SOURCE
#include "family.h"
#include "alive.h"

#include <errno.h>
#include <fcntl.h>
#include <stdalign.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MEMBERS = 1024, PROBES = 16, PAGE = 4096 };

struct ring {
    _Atomic uint64_t head;     /* bytes written so far; by its owner */
    _Atomic uint64_t reserved; /* ahead of it while a record is written: what lies a ring before is gone */
    _Atomic int owner;         /* pid; 0: never had one. A dead owner's ring is taken over, and goes on */
};

struct family {
    alignas(64) _Atomic uint64_t now;
    alignas(64) _Atomic uint64_t lost;
    _Atomic int members[MEMBERS]; /* pids, at a place about their number; 0: free */
    struct ring rings[FAMILY_RINGS];
    alignas(PAGE) unsigned char bytes[FAMILY_RINGS][FAMILY_RING];
};

/* NULL: nobody has forked yet. Written by who holds all locks. */
static _Atomic(struct family *) shared;

static struct family *family(void)
{
    return atomic_load_explicit(&shared, memory_order_acquire);
}

/* This process's own; written by one caller at a time. */
static uint64_t seen[FAMILY_RINGS], seen_lost;
static int self;      /* its pid, asked for at the fork: a filter may forbid it later */
static int mine = -1; /* the ring; -1: none yet */
static _Atomic int *place;
static unsigned char copy[FAMILY_RING];

static bool gone(int pid)
{
    return syscall(SYS_kill, pid, 0) != 0 && errno == ESRCH; /* nothing is sent */
}

static void be_member(void)
{
    int pid = self = getpid(), saved = errno;
    place = NULL;
    for (unsigned i = 0; i < PROBES && place == NULL; i++) {
        _Atomic int *at = &family()->members[((unsigned)pid + i) % MEMBERS];
        int other = atomic_load(at);
        if ((other == 0 || other == pid || gone(other)) && atomic_compare_exchange_strong(at, &other, pid))
            place = at;
    }
    errno = saved;
}

bool family_make(void)
{
    if (family() != NULL)
        return true;
    int saved = errno;
    struct family *at = mmap(NULL, sizeof(struct family), PROT_READ | PROT_WRITE,
                             MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at != MAP_FAILED) {
        madvise(at, sizeof(struct family), MADV_DONTDUMP); /* keys are no business of whoever reads a core */
        atomic_store(&at->now, ALIVE_READY);
        atomic_store(&shared, at);
        be_member();
        atomic_store(&alive_now, &at->now);
    }
    errno = saved;
    return family() != NULL;
}

bool family_made(void)
{
    return family() != NULL;
}

void family_join(void)
{
    mine = -1;
    be_member();
}

void family_leave(void)
{
    int pid = self;
    if (family() != NULL && place != NULL)
        atomic_compare_exchange_strong(place, &pid, 0);
}

bool family_claim(void)
{
    int pid = self, saved = errno;
    if (mine >= 0 && atomic_load(&family()->rings[mine].owner) == pid)
        return true;
    mine = -1;
    for (int used = 0; used < 2 && mine < 0; used++)
        for (int i = 0; i < FAMILY_RINGS && mine < 0; i++) {
            int owner = atomic_load(&family()->rings[i].owner);
            if ((owner == 0 || (used && gone(owner))) &&
                atomic_compare_exchange_strong(&family()->rings[i].owner, &owner, pid))
                mine = i;
        }
    errno = saved;
    return mine >= 0;
}

static void write_at(int ring, uint64_t at, const void *bytes, size_t len)
{
    size_t from = at % FAMILY_RING, first = len < FAMILY_RING - from ? len : FAMILY_RING - from;
    memcpy(family()->bytes[ring] + from, bytes, first);
    memcpy(family()->bytes[ring], (const char *)bytes + first, len - first);
}

void family_lose(void)
{
    atomic_fetch_add(&family()->lost, 1);
    seen_lost++; /* others' losses are still seen, as this one is by them */
    atomic_fetch_add(&family()->now, 1);
}

void family_announce(const void *record, size_t len)
{
    if (len > FAMILY_RECORD || mine < 0 || seen[mine] != atomic_load(&family()->rings[mine].head)) {
        family_lose();
        return;
    }
    struct ring *r = &family()->rings[mine];
    uint64_t head = atomic_load(&r->head), whole = sizeof len + len;
    atomic_store(&r->reserved, head + whole);
    atomic_thread_fence(memory_order_seq_cst);
    write_at(mine, head, &len, sizeof len);
    write_at(mine, head + sizeof len, record, len);
    atomic_store(&r->head, head + whole);
    seen[mine] = head + whole;
    atomic_fetch_add(&family()->now, 1);
}

/* The records of a ring since `seen`. */
static bool read_ring(int ring, void (*visit)(const void *record, size_t len))
{
    struct ring *r = &family()->rings[ring];
    uint64_t from = seen[ring], head = atomic_load(&r->head), len = head - from;
    seen[ring] = head;
    if (len == 0)
        return true;
    if (len > FAMILY_RING)
        return false;
    size_t at = from % FAMILY_RING, first = len < FAMILY_RING - at ? len : FAMILY_RING - at;
    memcpy(copy, family()->bytes[ring] + at, first);
    memcpy(copy + first, family()->bytes[ring], len - first);
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load(&r->reserved) - from > FAMILY_RING)
        return false;
    for (size_t done = 0, one; done < len; done += sizeof one + one) {
        memcpy(&one, copy + done, sizeof one);
        if (len - done < sizeof one || one > len - done - sizeof one)
            return false;
        visit(copy + done + sizeof one, one);
    }
    return true;
}

bool family_read(void (*visit)(const void *record, size_t len))
{
    uint64_t lost = atomic_load(&family()->lost);
    bool whole = lost == seen_lost;
    seen_lost = lost;
    for (int i = 0; i < FAMILY_RINGS; i++)
        if (!read_ring(i, visit))
            whole = false;
    return whole;
}

/* Does the process have the family's memory at its place? Not after an exec. */
static bool maps(int pid)
{
    char path[64], text[4096], wanted[40];
    size_t kept = 0;
    bool found = false;
    snprintf(path, sizeof path, "/proc/%d/maps", pid);
    int len = snprintf(wanted, sizeof wanted, "%lx-%lx rw-s", (unsigned long)(uintptr_t)family(),
                       (unsigned long)((uintptr_t)family() + sizeof(struct family)));
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == EACCES && !gone(pid);
    for (long n; !found && (n = syscall(SYS_read, fd, text + kept, sizeof text - kept)) > 0;) {
        size_t all = kept + (size_t)n;
        found = memmem(text, all, wanted, (size_t)len) != NULL;
        kept = all < (size_t)len ? all : (size_t)len;
        memmove(text, text + all - kept, kept);
    }
    syscall(SYS_close, fd);
    return found;
}

unsigned family_relatives(void)
{
    unsigned n = 0;
    int saved = errno, me = self;
    for (unsigned i = 0; family() != NULL && i < MEMBERS; i++) {
        int pid = atomic_load(&family()->members[i]);
        n += pid != 0 && pid != me && !gone(pid) && maps(pid);
    }
    errno = saved;
    return n;
}
