#define _GNU_SOURCE
#include "trap.h"

#ifdef __x86_64__

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>

enum {
    PAGE = 4096,
    LINE = 64,
    RANGES = 512,
    OPEN = 16,       /* pages that one instruction may touch */
    LINES = 1 << 16, /* slots for what is seen */
    STACK = 1 << 18,
    STEP = 0x100, /* the flag that stops after one instruction */
    WRITES = 2,   /* of the fault's code */
};

struct line {
    uint64_t number; /* its address by 64; 0: unused */
    uint32_t reads[TRAP_THREADS], writes[TRAP_THREADS];
};

/* What the handlers and the waiting threads use: pages of their own, never out of bounds. */
static struct state {
    struct {
        uintptr_t start, end;
    } ranges[RANGES];
    size_t used;
    atomic_uint turn; /* whose it is; all even: nobody's */
    atomic_uint warmed;
    bool full; /* something could not be noted */
    uintptr_t open[TRAP_THREADS + 1][OPEN];
    unsigned opened[TRAP_THREADS + 1];
    void (*warm)(unsigned thread);
    void (*work)(unsigned thread);
    struct line lines[LINES];
    char stacks[TRAP_THREADS][STACK] __attribute__((aligned(PAGE)));
    char end[PAGE];
} state __attribute__((aligned(PAGE)));

/* Without a library's help: its own words may be out of bounds. */
static inline void protect(uintptr_t start, uintptr_t end, int how)
{
    long result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(SYS_mprotect), "D"(start), "S"(end - start), "d"(how)
                     : "rcx", "r11", "memory");
}

/* By the stack that it is on; TRAP_THREADS: some other. */
static inline unsigned own_number(const void *local)
{
    for (unsigned i = 0; i < TRAP_THREADS; i++)
        if ((uintptr_t)local - (uintptr_t)state.stacks[i] < STACK)
            return i;
    return TRAP_THREADS;
}

static void note(uintptr_t address, bool write, unsigned thread)
{
    uint64_t number = address / LINE;
    size_t slot = (size_t)(number * 0x9e3779b97f4a7c15u >> 48) % LINES;

    for (unsigned looks = 0; looks < LINES; looks++, slot = (slot + 1) % LINES) {
        struct line *line = &state.lines[slot];

        if (line->number != 0 && line->number != number)
            continue;
        line->number = number;
        *(write ? &line->writes[thread] : &line->reads[thread]) += 1;
        return;
    }
    state.full = true;
}

static bool in_bounds(uintptr_t address)
{
    for (size_t i = 0; i < state.used; i++)
        if (address >= state.ranges[i].start && address < state.ranges[i].end)
            return false;
    return true;
}

/* Lets the one instruction through. */
static void stopped(int signal, siginfo_t *info, void *context)
{
    ucontext_t *at = context;
    uintptr_t address = (uintptr_t)info->si_addr, page = address & ~(uintptr_t)(PAGE - 1);
    unsigned thread = own_number(&at);

    if (in_bounds(address) || state.opened[thread] == OPEN) {
        struct sigaction plain = {.sa_handler = SIG_DFL};

        sigaction(signal, &plain, NULL); /* a true fault: it comes again and ends the program */
        return;
    }
    if (thread < TRAP_THREADS && atomic_load(&state.turn) == 2 * thread + 1)
        note(address, (at->uc_mcontext.gregs[REG_ERR] & WRITES) != 0, thread);
    state.open[thread][state.opened[thread]++] = page;
    protect(page, page + PAGE, PROT_READ | PROT_WRITE);
    at->uc_mcontext.gregs[REG_EFL] |= STEP;
}

static void stepped(int signal, siginfo_t *info, void *context)
{
    ucontext_t *at = context;
    unsigned thread = own_number(&at);

    (void)signal;
    (void)info;
    while (state.opened[thread] > 0) {
        uintptr_t page = state.open[thread][--state.opened[thread]];

        protect(page, page + PAGE, PROT_NONE);
    }
    at->uc_mcontext.gregs[REG_EFL] &= ~STEP;
}

static void add_range(uintptr_t start, uintptr_t end)
{
    if (start >= end)
        return;
    if (state.used == RANGES)
        state.full = true;
    else
        state.ranges[state.used++].start = start, state.ranges[state.used - 1].end = end;
}

/*
 * All private writable memory but libc's, the heap's, our own, and what the kernel itself writes to: stacks,
 * which lie behind a page without rights, and the first thread's words.
 */
static bool find_ranges(void)
{
    uintptr_t words = (uintptr_t)__builtin_thread_pointer(), guard = 0;
    FILE *file = fopen("/proc/self/maps", "re");
    uintptr_t ours = (uintptr_t)&state, end = ours + sizeof state;
    char line[512];
    bool of_libc = false;

    while (file && fgets(line, sizeof line, file)) {
        unsigned long start, stop;
        char rights[8], path[256] = "";

        if (sscanf(line, "%lx-%lx %7s %*s %*s %*s %255s", &start, &stop, rights, path) < 3)
            continue;
        if (path[0])
            of_libc = strstr(path, "/libc.so") || strstr(path, "/ld-linux") || strstr(path, "/libm.so");
        if (strcmp(rights, "---p") == 0)
            guard = stop;
        if (strcmp(rights, "rw-p") != 0 || path[0] == '[' || of_libc || start == guard ||
            (words >= start && words < stop))
            continue;
        add_range(start, stop < ours ? stop : start < ours ? ours : start);
        add_range(start > end ? start : stop > end && start < end ? end : stop, stop);
    }
    if (file)
        fclose(file);
    return file != NULL;
}

static void set_bounds(int how)
{
    for (size_t i = 0; i < state.used; i++)
        protect(state.ranges[i].start, state.ranges[i].end, how);
}

/* Spins: whatever waits in the kernel would need memory that is out of bounds. */
static inline void await_turn(unsigned turn)
{
    while (atomic_load_explicit(&state.turn, memory_order_acquire) != turn)
        __builtin_ia32_pause();
}

static void *run(void *argument)
{
    unsigned thread = *(unsigned *)argument;

    state.warm(thread);
    atomic_fetch_add(&state.warmed, 1);
    await_turn(2 * thread + 1);
    state.work(thread);
    atomic_store(&state.turn, 2 * thread + 2);
    await_turn(2 * TRAP_THREADS + 1); /* the thread's own memory stays its own */
    return NULL;
}

static void sum_up(struct trap_count *count)
{
    *count = (struct trap_count){0};
    for (size_t slot = 0; slot < LINES; slot++) {
        const struct line *line = &state.lines[slot];

        for (unsigned thread = 0; thread < TRAP_THREADS; thread++) {
            unsigned other = 1 - thread;
            bool shared = line->reads[other] + line->writes[other] > 0;

            count->read += line->reads[thread];
            *(shared ? &count->written_shared : &count->written_own) += line->writes[thread];
        }
    }
}

bool trap_run(void (*warm)(unsigned thread), void (*work)(unsigned thread), struct trap_count *count)
{
    static struct sigaction on_stop = {.sa_sigaction = stopped, .sa_flags = SA_SIGINFO};
    static struct sigaction on_step = {.sa_sigaction = stepped, .sa_flags = SA_SIGINFO};
    static unsigned numbers[TRAP_THREADS];
    pthread_t threads[TRAP_THREADS];
    pthread_attr_t attributes;
    bool done;

    memset(&state, 0, sizeof state);
    state.warm = warm;
    state.work = work;
    sigaction(SIGSEGV, &on_stop, NULL);
    sigaction(SIGTRAP, &on_step, NULL);
    for (unsigned i = 0; i < TRAP_THREADS; i++) {
        numbers[i] = i;
        pthread_attr_init(&attributes);
        pthread_attr_setstack(&attributes, state.stacks[i], STACK);
        if (pthread_create(&threads[i], &attributes, run, &numbers[i]) != 0)
            return false; /* the process ends next */
        pthread_attr_destroy(&attributes);
        while (atomic_load(&state.warmed) <= i)
            __builtin_ia32_pause();
    }
    done = find_ranges();
    set_bounds(PROT_NONE);
    for (unsigned i = 0; i < TRAP_THREADS; i++) {
        atomic_store(&state.turn, 2 * i + 1);
        await_turn(2 * i + 2);
    }
    set_bounds(PROT_READ | PROT_WRITE);
    atomic_store(&state.turn, 2 * TRAP_THREADS + 1);
    for (unsigned i = 0; i < TRAP_THREADS; i++)
        pthread_join(threads[i], NULL);
    sum_up(count);
    return done && !state.full;
}

#else

bool trap_run(void (*warm)(unsigned thread), void (*work)(unsigned thread), struct trap_count *count)
{
    (void)warm;
    (void)work;
    (void)count;
    return false;
}

#endif
