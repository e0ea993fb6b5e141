/* emit.h */
#ifndef RUNTIME_EMIT_H
#define RUNTIME_EMIT_H

#include "runtime/registry/event.h"

struct event_reached {
    size_t functions, entries;
};

/* `dry`: only counts. */
struct event_reached event_emit(const char *event, bool dry);

#endif
