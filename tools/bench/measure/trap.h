/*
 * trap.h - which cache lines two threads touch, access by access: all writable memory of the runtime and of
 * the program is out of bounds meanwhile, and each instruction that is stopped there is run alone.
 */
#ifndef SWRBENCH_TRAP_H
#define SWRBENCH_TRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TRAP_THREADS = 2 };

struct trap_count {
    uint64_t written_shared; /* accesses that write a line which the other thread reads or writes */
    uint64_t written_own;    /* that write a line which the other thread never touches */
    uint64_t read;
};

/*
 * Both threads call warm(); then each calls work() in its turn, and its accesses are counted. Neither may
 * make a system call in work(). False: not on this machine, or out of memory.
 */
bool trap_run(void (*warm)(unsigned thread), void (*work)(unsigned thread), struct trap_count *count);

#endif
