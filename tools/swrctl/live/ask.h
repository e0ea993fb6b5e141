/*
 * ask.h - one request to every process meant.
 */
#ifndef SWRCTL_ASK_H
#define SWRCTL_ASK_H

#include "show.h"
#include "terminal/invocation.h"

/* Begins the request of a subcommand. */
void ask_start(const char *verb);
void ask_field(const char *name, const char *value);
void ask_number(const char *name, unsigned long long value);

/* A reply in parts is asked for until its end. */
struct asking {
    const struct invocation *in;
    struct view view;
    bool counted; /* the reply says how much it matched; none at all is told and ends with STATUS_NOTHING */
    reply_record *each;  /* shows a record of those that are not shown as JSON; NULL: show_record() */
    bool listeners;      /* of how many functions it is, is told too */
    const char *outcome; /* a line for each process: "invalidated"; "": in JSON alone */
    bool for_people;     /* records are: in JSON there is the outcome alone */
    const char *changed; /* the mode that many functions have now, for a line for each process; NULL: none */
};

/* Sends what was begun, shows the replies; STATUS_DONE or what went wrong, told. */
int ask_all(struct asking *a);

#endif
