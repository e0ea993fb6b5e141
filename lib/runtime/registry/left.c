#define _GNU_SOURCE
#include "left.h"
#include "base/foreign.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

enum {
    SAME_STACK = 1 << 20, /* two stacks of one thread are rarely so near, and a visit not deeper */
    DEEP = 64 << 10,      /* so far below its visit the runtime and malloc() may have been interrupted */
/* No handler's frame is smaller: registers, siginfo, the state of the floating-point unit. */
#if defined(__x86_64__)
    LEAST = 1024,
#elif defined(__aarch64__)
    LEAST = 4096,
#else
    LEAST = 0,
#endif
};

/*
 * ThreadSanitizer's, where the program has it: it calls handlers by itself, later, from functions of libc
 * that the runtime may have called.
 */
extern void __tsan_init(void) __attribute__((weak));

/* Not by sigaltstack(): a sanitizer may think that the stack is set. */
static bool on_other_stack(void)
{
    stack_t stack;
    int saved = errno;
    bool other = syscall(SYS_sigaltstack, NULL, &stack) != 0 || (stack.ss_flags & SS_ONSTACK) != 0;
    errno = saved;
    return other;
}

#if defined(__x86_64__)
/* As the kernel lays it out (arch/x86/include/asm/sigframe.h); beneath its end lies the handler's frame. */
struct handler_frame {
    uintptr_t restorer;
    unsigned long flags;
    const void *link;
    stack_t stack;
    greg_t registers[NGREG];
    uintptr_t floating;
    uint64_t reserved[8], signals;
};

/* The kernel's own form of struct sigaction. */
struct kernel_action {
    uintptr_t handler;
    unsigned long flags;
    uintptr_t restorer;
    uint64_t signals;
};

/*
 * While a handler runs more is blocked than where it came: its signal. Unless it asked for the opposite, and
 * which it is nobody knows: then any that did may be running.
 */
static bool may_run(uint64_t blocked_before)
{
    uint64_t blocked = 0;
    int saved = errno;
    bool may = syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &blocked, sizeof blocked) != 0 ||
               (blocked & ~blocked_before) != 0;
    for (int signal = 1; !may && signal <= 64; signal++) {
        struct kernel_action action = {0};
        may = syscall(SYS_rt_sigaction, signal, NULL, &action, sizeof action.signals) == 0 &&
              (action.flags & SA_NODEFER) != 0;
    }
    errno = saved;
    return may;
}

/* The kernel's frames begin 8 bytes beside a multiple of 16. Those of handlers that were left lie there, too.
 */
__attribute__((no_sanitize("address"))) static bool handler_between(uintptr_t low, uintptr_t high)
{
    for (uintptr_t at = (low & ~(uintptr_t)15) + 8; at + LEAST <= high; at += 16) {
        const struct handler_frame *f = (const struct handler_frame *)at;
        uintptr_t stack = (uintptr_t)f->registers[REG_RSP];
        if (f->link == NULL && stack > at && stack <= high && (f->registers[REG_CSGSFS] & 0xffff) == 0x33 &&
            f->floating > at && f->floating < stack && may_run(f->signals))
            return true;
    }
    return false;
}
#else
static bool handler_between(uintptr_t low, uintptr_t high)
{
    (void)low;
    (void)high;
    return true;
}
#endif

bool visit_was_left(uintptr_t visit, uintptr_t call, bool calls)
{
    calls |= &__tsan_init != NULL;
    if ((call < visit && calls) || on_other_stack())
        return false;
    if (call >= visit)
        return call - visit < SAME_STACK && foreign_readable(visit, call);
    if (visit - call < LEAST)
        return true;
    if (visit - call >= SAME_STACK)
        return false;
    uintptr_t low = visit - call > DEEP ? visit - DEEP : call;
    return foreign_readable(call, visit) && !handler_between(low, visit);
}
