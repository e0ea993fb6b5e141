/*
 * command.h - what the control socket can be asked; command.def lists it.
 */
#ifndef CONTROL_COMMAND_H
#define CONTROL_COMMAND_H

#include "wire.h"

/* Runs one request of process `peer` (changed on the way; NULL: it was no text) and writes the whole reply.
 */
void command_run(int peer, char *request, struct wire_buffer *out);
/* Is the line one that takes no walk over entries, and may come in the midst of one that does? */
bool command_quick(const char *line);

#endif
