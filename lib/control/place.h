/*
 * place.h - where the control socket stands: DIR/PID.sock, in a directory that is ours alone;
 * DIR/PID-NUMBER.sock where a process of that number in another pid namespace was there first.
 */
#ifndef CONTROL_PLACE_H
#define CONTROL_PLACE_H

#include <stdint.h>

#include "descriptor.h"

enum { PLACE_PATH = 108 };

struct place {
    char directory[PLACE_PATH];
    char name[48];
    dev_t dev; /* of the socket file */
    ino_t ino;
};

/*
 * A listening socket in `chosen`, or in the default directory if that is NULL or empty. False on any doubt,
 * and then nothing is left behind: *why says what it was, errno is EMFILE, ENFILE, ENOMEM or ENOBUFS when
 * trying again may help, else 0.
 */
bool place_listen(struct place *p, struct descriptor *listening, const char *chosen, int backlog,
                  const char **why);
/* Removes the socket file if it is still the one made. */
void place_leave(const struct place *p);

/* How often no socket could be had; and once more: how often before. */
uint64_t place_refused(void);
uint64_t place_refuse(void);

#endif
