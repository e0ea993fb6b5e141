/*
 * server.h - the control socket: one thread, few clients, nothing printed, the program unaffected.
 */
#ifndef CONTROL_SERVER_H
#define CONTROL_SERVER_H

#include <stdint.h>

/* Starts the thread, once; never blocks. No effect with SWR_CONTROL=0. Leaves errno alone. */
void control_start(void);
/* In a fork's child: forgets the parent's socket; the next control_start() makes the child's own. */
void control_fork_child(void);
/* At exit: removes the own socket, waits a moment for a command under way. */
void control_stop(void);
/* The same for a while: control_start() starts it again, if it ended in time. */
void control_rest(void);

#endif
