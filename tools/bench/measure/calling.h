/*
 * calling.h - swrbench-calls, started with what is to be preloaded.
 */
#ifndef SWRBENCH_CALLING_H
#define SWRBENCH_CALLING_H

#include "report.h"

/* Functions of the program itself; of a library, by numbers and by texts. */
enum calling_kind { CALLING_OWN, CALLING_NUMBERS, CALLING_TEXTS, CALLING_KINDS };
enum calling_way { CALLING_PLAIN, CALLING_ANNOTATED, CALLING_WRAPPED, CALLING_WAYS };

struct calling {
    double ns[CALLING_KINDS][CALLING_WAYS][MOST_ROUNDS];
    size_t rounds;
    bool wrapped; /* the wrapped functions are cached ones */
};

/* With those "NAME=value" settings. False: it is missing or failed. */
bool calling_measure(const struct settings *settings, const char *const *environment,
                     struct calling *calling);
struct spread calling_ns(const struct calling *calling, enum calling_kind kind, enum calling_way way);
/* One way above another, round by round. */
struct spread calling_above(const struct calling *calling, enum calling_kind kind, enum calling_way way,
                            enum calling_way than);

#endif
