/*
 * place.h - where the control socket stands: DIR/PID.sock, in a directory that is ours alone;
 * DIR/PID-NUMBER.sock where a process of that number in another pid namespace was there first.
 */
#ifndef CONTROL_PLACE_H
#define CONTROL_PLACE_H

#include <stdint.h>

#include "descriptor.h"
#include "wire.h"

enum { PLACE_PATH = 108 };

struct place {
    char directory[PLACE_PATH];
    char passed[PLACE_PATH]; /* the directory that would have come first, and why it is not that; "": it is */
    const char *passed_why;
    char name[48];
    dev_t dev; /* of the socket file */
    ino_t ino;
    dev_t root_dev; /* of "/" when it was made */
    ino_t root_ino;
};

/*
 * A listening socket in the first of wire_directory()'s that can be used. The one that was chosen is the last
 * word, unless it is another user's: a program that has become somebody else goes on to the next. False on
 * any doubt, and then nothing is left behind: *why says what it was, errno is EMFILE, ENFILE, ENOMEM or
 * ENOBUFS when trying again may help, else 0.
 */
bool place_listen(struct place *p, struct descriptor *listening, const struct wire_said *said, int backlog,
                  const char **why);
/* Is the socket file still there, and the one made? True where that cannot be known. */
bool place_kept(const struct place *p);
/* Removes the socket file if it is still the one made. */
void place_leave(const struct place *p);

/* How often no socket could be had; and once more: how often before. */
uint64_t place_refused(void);
uint64_t place_refuse(void);

#endif
