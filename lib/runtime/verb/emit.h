/*
 * emit.h - an event happened: the functions and regions that listen to it are invalidated or expired.
 */
#ifndef RUNTIME_EMIT_H
#define RUNTIME_EMIT_H

#include "runtime/registry/listener.h"

struct emitted {
    size_t functions, entries;
};

/* `dry`: only counts. */
struct emitted emit_event(const char *event, bool dry);

#endif
