/*
 * request.h - what was asked of swrctl run, advise or wrap, in its own options (run_option.def).
 */
#ifndef SWRCTL_REQUEST_H
#define SWRCTL_REQUEST_H

#include "object/machine.h"
#include "offer.h"
#include "rule/rules.h"
#include "terminal/invocation.h"

struct request {
    struct rules rules;
    struct offer offer; /* of advise alone */
    const char *subcommand, *only, *output;
    const struct machine *machine;
    const char *mode; /* NULL: as the rules say */
    bool no_children, no_hook, force, help;
    char **program;
};

/* STATUS_DONE, or what to end with, told. Mistakes of rules are told and counted in them. */
int request_read(struct request *request, const struct invocation *in);
void request_help(const struct invocation *in);

#endif
