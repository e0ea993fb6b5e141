#define _GNU_SOURCE
/* check.c - swrctl check: are the rules well-formed, and can this program's calls be reached at all? */
#include "terminal/invocation.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "place.h"
#include "object/reach.h"
#include "rule/rules.h"
#include "object/wrapper.h"
#include "terminal/text.h"

static void note(const char *line)
{
    text_print(stdout, "  %s\n", line);
}

static bool check_program(const struct rules *rules, const char *name)
{
    char path[PLACE_MAX], script[PLACE_MAX], why[512];
    struct reach reach;
    if (!program_find(name, path, sizeof path)) {
        tell("%s: %s", name, strerror(errno));
        return false;
    }
    strcpy(script, path);
    const char *refusal = program_refusal(path, sizeof path);
    if (strcmp(script, path) != 0)
        text_print(stdout, "%s is a script: this is of %s, which runs it; what it starts is not looked at\n",
                   script, path);
    if (refusal != NULL) {
        text_print(stdout, "%s: nothing is reached: %s\n", path, refusal);
        return false;
    }
    const char *linker = program_other_libc(path);
    if (linker != NULL) {
        text_print(stdout, "%s: nothing is reached: it is of another libc (%s) than this library\n", path,
                   linker);
        return false;
    }
    bool good = reach_start(&reach, path, why, sizeof why);
    if (!good)
        text_print(stdout, "%s: %s\n", path, why);
    bool known = good;
    for (size_t i = 0; known && i < rules->count; i++) {
        text_print(stdout, "%s\n", rules->list[i].name);
        if (!reach_rule(&reach, &rules->list[i], why, sizeof why, note)) {
            text_print(stdout, "  not reached: %s\n", why);
            good = false;
        }
    }
    if (reach.count != 0 && reach.objects[0].elf.is_go)
        text_print(stdout, "  not reached: what Go calls itself; only calls by cgo are\n");
    reach_end(&reach);
    return good;
}

int subcommand_check(struct invocation *in)
{
    struct rules rules;
    char why[256];
    struct wrapper w = {0};
    rules_start(&rules);
    rules_file(&rules, in->operands[0]);
    bool good = rules.wrong == 0;
    if (!wrapper_make(rules.list, rules.count, machine_here, true, &w, why, sizeof why)) {
        rules_complain(&rules,
                       w.rule < rules.count ? &rules.origins[w.rule]
                                            : &(struct rule_origin){.file = in->operands[0]},
                       "%s", why);
        good = false;
    }
    free(w.bytes);
    text_print(stdout, "%s: %zu rule%s, %zu preset%s, ", in->operands[0], rules.count,
               rules.count == 1 ? "" : "s", rules.npresets, rules.npresets == 1 ? "" : "s");
    if (rules.nsettings != 0)
        text_print(stdout, "settings for %zu, ", rules.nsettings);
    text_print(stdout, "%u mistake%s\n", rules.wrong, rules.wrong == 1 ? "" : "s");
    int status = good ? STATUS_DONE : STATUS_FAILED;
    if (in->count == 2 && !check_program(&rules, in->operands[1]))
        status = STATUS_FAILED;
    rules_free(&rules);
    return status;
}
