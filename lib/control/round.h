/*
 * round.h - the clients of the control socket, each of which has its share of a round: one command. While one
 * takes long the quick ones of others are run in its midst, and the others in turns with it (task.h). Of the
 * control thread alone.
 */
#ifndef CONTROL_ROUND_H
#define CONTROL_ROUND_H

#include "descriptor.h"
#include "base/service.h"

#include <stdbool.h>

enum { ROUND_CLIENTS = 16 };

/* Nobody is there yet. */
void round_none(void);
/* Who comes to `socket`, and whoever is there; no new one once the service is not to run any more. */
void round_begin(struct descriptor *socket, const struct service *service);
/* Waits so many ms at most. False: it is over, the socket is not ours any more. */
bool round_run(int timeout);
void round_end(void);
/* In a fork's child: the connections are its parent's. */
void round_fork_child(void);

#endif
