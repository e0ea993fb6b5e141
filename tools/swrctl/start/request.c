#include "request.h"

#include <stdio.h>
#include <string.h>
#include "terminal/text.h"

static const struct run_option {
    char letter;
    const char *name, *argument, *whose, *help;
} options[] = {
#define RUN_OPTION(letter, name, argument, whose, help) {letter, name, argument, whose, help},
#include "run_option.def"
#undef RUN_OPTION
};

enum { OPTIONS = sizeof options / sizeof *options };

/* `--name`, `--name VALUE` or `--name=VALUE`; *value NULL: it is missing. */
static const struct run_option *option_of(char ***argv, char whose, const char **value)
{
    const char *text = **argv;
    size_t len = strcspn(text, "=");
    for (size_t i = 0; i < OPTIONS; i++) {
        const struct run_option *o = &options[i];
        bool takes = o->argument[0] != 0;
        if (strchr(o->whose, whose) == NULL || strlen(o->name) != len || memcmp(o->name, text, len) != 0 ||
            (text[len] == '=' && !takes))
            continue;
        *value = text[len] == '=' ? text + len + 1 : !takes ? "" : (*argv)[1] != NULL ? *++*argv : NULL;
        return o;
    }
    return NULL;
}

void request_help(const struct invocation *in)
{
    text_print(stdout, "usage: swrctl %s [OPTION...]%s\n\n", in->subcommand,
               in->subcommand[0] == 'w' ? "" : " -- PROGRAM [ARGUMENT...]");
    for (size_t i = 0; i < OPTIONS; i++) {
        const struct run_option *o = &options[i];
        if (strchr(o->whose, in->subcommand[0]) == NULL)
            continue;
        int n = text_print(stdout, "  %s%s%s", o->name, o->argument[0] != 0 ? " " : "", o->argument);
        text_print(stdout, "%*s%s\n", n < 32 ? 32 - n : 2, "", o->help);
    }
    puts("\nswrctl(1) has more.");
}

/* STATUS_DONE, or what to end with. */
static int take(struct request *r, const struct run_option *o, const char *value)
{
    switch (o->letter) {
    case 'w':
        rules_declaration(&r->rules, value);
        break;
    case 'c':
        rules_file(&r->rules, value);
        break;
    case 'p':
        if (!rules_preset(&r->rules, value))
            rules_complain(&r->rules, &(struct rule_origin){0}, "--preset %s: " RULES_PRESETS, value);
        break;
    case 'a':
        offer_add(&r->offer.libraries, &r->offer.nlibraries, value);
        break;
    case 't':
        offer_add(&r->offer.prototypes, &r->offer.nprototypes, value);
        break;
    case 'm':
        r->mode = value;
        return mode_known(value) ? STATUS_DONE : usage_error("no mode %s; write " MODES, value);
    case 'y':
        r->only = value;
        if (value[0] == 0 || strpbrk(value, " /") != NULL)
            return usage_error("--only %s: names of programs, separated by commas, without directories",
                               value);
        break;
    case 'n':
        r->no_children = true;
        break;
    case 'd':
        r->no_hook = true;
        break;
    case 'f':
        r->force = true;
        break;
    case 'o':
        r->output = value;
        break;
    case 'M':
        if ((r->machine = machine_named(value)) == NULL)
            return usage_error("no machine %s; write x86_64 or aarch64", value);
        break;
    case 'h':
        r->help = true;
        break;
    }
    return STATUS_DONE;
}

int request_read(struct request *r, const struct invocation *in)
{
    char **a = in->argv;
    for (; *a != NULL && (*a)[0] == '-' && (*a)[1] != 0; a++) {
        const char *name = *a, *value;
        if (strcmp(name, "--") == 0) {
            a++;
            break;
        }
        const struct run_option *o = option_of(&a, in->subcommand[0], &value);
        if (o == NULL)
            return usage_error("%s takes no option %s", in->subcommand, name);
        if (value == NULL)
            return usage_error("%s needs a value: %s", o->name, o->argument);
        int result = take(r, o, value);
        if (result != STATUS_DONE)
            return result;
    }
    r->program = a;
    if (r->offer.nprototypes != 0 && r->offer.nlibraries == 0)
        return usage_error("--prototypes says what functions take; say whose with --all-from LIB");
    return STATUS_DONE;
}
