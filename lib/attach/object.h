/*
 * object.h - annotated objects come and go: the program, its libraries, plug-ins.
 *
 * One whose annotation has no destructor that says so stays for good once it has come (object_pin()).
 */
#ifndef ATTACH_OBJECT_H
#define ATTACH_OBJECT_H

#include "swrcache/abi.h"

/* The api's. */
void object_pin(struct swrcache_site *const *first, struct swrcache_site *const *last);
void object_enter(struct swrcache_site *const *first, struct swrcache_site *const *last);
void object_leave(struct swrcache_site *const *first, struct swrcache_site *const *last);

#endif
