/*
 * listener.h - what happened, by name, and who listens: functions by their annotation, regions by a call.
 */
#ifndef RUNTIME_LISTENER_H
#define RUNTIME_LISTENER_H

#include "region.h"

/* Of one region; each is looked at when something happens. */
enum { LISTENERS_MOST = 1024 };

/* Names separated by blanks; NULL: none. Twice is once. False: one of them is too long or one too many, or no
 * memory. */
bool listener_add(struct region *r, const char *events, enum swrcache_operation operation);

bool listener_hears(struct function *f, const char *event, enum swrcache_operation operation);

/* What reaches the function, and whose word it is: "user.saved (annotation), stock.changed (region shop)". */
void listener_heard(struct function *f, enum swrcache_operation operation, char *text, size_t room);

#endif
