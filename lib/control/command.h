/*
 * command.h - what the control socket can be asked; command.def lists it.
 */
#ifndef CONTROL_COMMAND_H
#define CONTROL_COMMAND_H

#include "wire.h"

/* Runs one request (changed in the process; NULL: it was no text) and appends the whole reply. */
void command_run(char *request, struct wire_buffer *out);

#endif
