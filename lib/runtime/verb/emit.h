/* emit.h */
#ifndef RUNTIME_EMIT_H
#define RUNTIME_EMIT_H

#include "runtime/registry/event.h"

struct emitted {
    size_t functions, entries;
};

/* `dry`: only counts. */
struct emitted event_emit(const char *event, bool dry);

#endif
