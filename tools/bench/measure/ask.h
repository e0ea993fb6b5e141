/*
 * ask.h - what the runtime in this process says of itself, through the door that swrctl uses.
 */
#ifndef SWRBENCH_ASK_H
#define SWRBENCH_ASK_H

#include <stdbool.h>
#include <stdint.h>

/* A number of the reply to `stats`. SWR_SOCKET_DIR must be set. False: no socket, no such field. */
bool ask_stats(const char *field, uint64_t *value);

#endif
