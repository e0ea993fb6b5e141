/*
 * sync.h - named points at which a test can hold a thread. Compiled out of the shipped runtime.
 */
#ifndef BASE_SYNC_H
#define BASE_SYNC_H

#ifdef SWRCACHE_TESTING
extern void (*_Atomic sync_hook)(const char *point);
void sync_reach(const char *point);
#define SYNC_POINT(name) sync_reach(name)
#else
#define SYNC_POINT(name) ((void)0)
#endif

#endif
