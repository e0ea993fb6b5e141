/*
 * family.h - what forked processes tell each other: records of bytes in memory that all of them share.
 *
 *   now      counts announcements: who has read all up to it compares one word (base/alive.h)
 *   rings    one for each process that announces, written by that process alone: none waits for another
 *   lost     raised where something was not written down: whoever sees it move has missed something
 *
 * The memory is mapped at the first fork, by the process that forks; the child inherits it, and how far the
 * parent had read. A process that execs, or is started by vfork or posix_spawn, leaves the family. Records
 * are overwritten, also while they are read: family_read() then says that something is missing.
 *
 * One caller at a time: runtime/verb/relatives.c has the lock.
 */
#ifndef BASE_FAMILY_H
#define BASE_FAMILY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FAMILY_RINGS = 64, FAMILY_RING = 32 << 10, FAMILY_RECORD = FAMILY_RING / 2 };

/* Before a fork: this process has a family. False: no memory. */
bool family_make(void);
bool family_made(void);
/* In a fork's child, which is a member of its own. */
void family_join(void);
/* The process ends. */
void family_leave(void);

/* A ring to write to. Records of a former owner, who is dead, have to be read before that. */
bool family_claim(void);
/* Tells the others; at most FAMILY_RECORD bytes. What cannot be written down counts as lost. */
void family_announce(const void *record, size_t len);
void family_lose(void);

/*
 * Shows every record of others since the last time. False: some are missing, and everything has to be taken
 * for invalid.
 */
bool family_read(void (*visit)(const void *record, size_t len));

/* How many other processes of the family live. By their maps in /proc: not for where time counts. */
unsigned family_relatives(void);

#endif
