/*
 * left.h - was a visit of the runtime left by siglongjmp() out of a signal handler, or is that handler still
 * running?
 *
 * Known is where on the stack the visit was, and where the call is that asks. A call that lies higher, on the
 * same stack, is made after the visit. So is one that lies lower, unless the frame that the kernel puts on
 * the stack for a handler stands between them, or the runtime itself called what may call. In doubt nothing
 * was left: the call is handed on to the function, which is never wrong.
 */
#ifndef RUNTIME_LEFT_H
#define RUNTIME_LEFT_H

#include <stdbool.h>
#include <stdint.h>

/* `calls`: from the visit, code of others was called, and a call that lies lower may come from there. */
bool visit_was_left(uintptr_t visit, uintptr_t call, bool calls);

#endif
