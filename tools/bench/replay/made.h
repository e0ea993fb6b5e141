/*
 * made.h - which traces are replayed: those named, those of a folder, or some made here.
 */
#ifndef SWRBENCH_MADE_H
#define SWRBENCH_MADE_H

#include "measure/bench.h"

enum { MOST_TRACES = 64 };

struct traces {
    char *paths[MOST_TRACES];
    size_t count;
    bool made;       /* here: no recorded ones were given */
    char folder[64]; /* of those made */
};

/* False: told on stderr. Close it in either case. */
bool traces_open(struct traces *traces, const struct settings *settings);
void traces_close(struct traces *traces);

#endif
