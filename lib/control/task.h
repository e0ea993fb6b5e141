/*
 * task.h - a command that is run while another takes long: on a thread of its own, and in turns. Of the
 * control thread and its tasks one runs at any moment: it gives each a turn, and gets it back where the
 * command pauses between its pieces (cache_pause()), or ends.
 */
#ifndef CONTROL_TASK_H
#define CONTROL_TASK_H

#include "client.h"

/* By the control thread alone, all of these. Begins the client's next command; false: there is no thread. */
bool task_begin(struct client *c);
bool task_any(void);
/* Each has a turn; of one that has ended the client is shown, `good`: it may stay. */
void task_turns(void (*ended)(struct client *c, bool good));
/* In a fork's child: their threads are its parent's. */
void task_fork_child(void);

#endif
