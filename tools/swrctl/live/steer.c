/* Subcommands that change something. */
#define _GNU_SOURCE
#include "ask.h"

#include <stdio.h>
#include <string.h>

static int steer(struct invocation *in, const char *outcome)
{
    struct asking a = {.in = in, .counted = true, .outcome = outcome};
    ask_start(in->subcommand);
    ask_field("target", in->operands[0]);
    if (in->dry)
        ask_number("dry", 1);
    if (in->older != NULL)
        ask_field("older", in->older);
    if (in->larger != NULL)
        ask_field("larger", in->larger);
    return ask_all(&a);
}

int subcommand_emit(struct invocation *in)
{
    struct asking a = {.in = in, .counted = true, .listeners = true, .outcome = "reached"};
    ask_start("emit");
    ask_field("event", in->operands[0]);
    if (in->dry)
        ask_number("dry", 1);
    return ask_all(&a);
}

int subcommand_invalidate(struct invocation *in)
{
    return steer(in, "invalidated");
}

int subcommand_expire(struct invocation *in)
{
    return steer(in, "expired");
}

int subcommand_refresh(struct invocation *in)
{
    return steer(in, "queued for a refresh");
}

int subcommand_set(struct invocation *in)
{
    struct asking a = {.in = in, .counted = true, .outcome = ""};
    ask_start("set");
    ask_field("function", in->operands[0]);
    for (int i = 1; i < in->count; i++) {
        char name[32];
        const char *equal = strchr(in->operands[i], '=');
        if (equal == NULL || equal == in->operands[i] || equal - in->operands[i] >= (ptrdiff_t)sizeof name)
            return usage_error("%s is not NAME=VALUE, such as ttl=20s or ttl=unset", in->operands[i]);
        snprintf(name, sizeof name, "%.*s", (int)(equal - in->operands[i]), in->operands[i]);
        ask_field(name, equal + 1);
    }
    return ask_all(&a);
}

int subcommand_mode(struct invocation *in)
{
    struct asking a = {.in = in, .counted = true, .outcome = ""};
    if (!mode_known(in->operands[1]))
        return usage_error("mode takes a function and " MODES ", not %s", in->operands[1]);
    ask_start("mode");
    ask_field("function", in->operands[0]);
    ask_field("mode", in->operands[1]);
    if (in->span != NULL)
        ask_field("for", in->span);
    if (in->percent != NULL)
        ask_field("percent", in->percent);
    return ask_all(&a);
}
