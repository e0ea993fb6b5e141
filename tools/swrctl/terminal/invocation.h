/*
 * invocation.h - one run of the tool: what was asked, and how a subcommand answers.
 */
#ifndef SWRCTL_INVOCATION_H
#define SWRCTL_INVOCATION_H

#include <stdbool.h>

enum status { STATUS_DONE, STATUS_FAILED, STATUS_USAGE, STATUS_NOTHING, STATUS_NO_PROCESS };

enum { OPERANDS_MAX = 64, RAW_ARGUMENTS = -1 };

struct invocation {
    const char *subcommand;
    const char *process; /* -p */
    bool all, json, verbose, dry, tree;
    const char *match, *sort, *older, *larger, *span, *percent; /* NULL: not given */
    unsigned long long limit;                                   /* 0: none */
    int count;                                                  /* operands */
    const char *operands[OPERANDS_MAX];
    int argc; /* of RAW_ARGUMENTS: all that follows the subcommand */
    char **argv;
};

/* Does it; an enum status. */
typedef int subcommand_fn(struct invocation *in);

#define SUBCOMMAND(name, arguments, least, most, options, help) subcommand_fn subcommand_##name;
#include "subcommand.def"
#undef SUBCOMMAND

#define MODES "observe, shadow, on or off"
bool mode_known(const char *mode);

/* One line on standard error; STATUS_USAGE. */
int usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
