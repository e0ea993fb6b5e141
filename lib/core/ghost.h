/*
 * ghost.h - fingerprints of entries that were evicted: is this newcomer one that should not have gone?
 *
 * As many as there are entries, in sets of GHOST_WAYS, newest first. A fingerprint says from which queue its
 * entry went; when a set is full, the oldest of the kind goes that there are more of in all. Two keys are
 * taken for one another once in some hundred million look-ups: harmless.
 */
#ifndef CORE_GHOST_H
#define CORE_GHOST_H

#include <stdint.h>

enum { GHOST_WAYS = 8 };

enum ghost_kind { GHOST_SMALL, GHOST_MAIN, GHOST_KINDS, GHOST_NONE = GHOST_KINDS };

struct ghost {
    uint32_t *words;             /* fingerprint and kind; 0: free. NULL before the first */
    uint64_t sets;               /* of `ways` words */
    uint32_t ways;               /* fewer than GHOST_WAYS only in the tiniest caches */
    uint64_t count[GHOST_KINDS]; /* remembered now */
};

/* Remembers one that goes while `entries` are held. Without memory it forgets. */
void ghost_put(struct ghost *g, uint64_t hash, enum ghost_kind kind, uint64_t entries);
/* Forgets it and says what it was. */
enum ghost_kind ghost_take(struct ghost *g, uint64_t hash);
void ghost_end(struct ghost *g); /* gives its memory back */
uint64_t ghost_bytes(const struct ghost *g);

#endif
