#define _GNU_SOURCE
/*
 * swrctl - looks into processes with cached functions and steers them.
 */
#include "terminal/invocation.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "terminal/text.h"

static const struct subcommand {
    const char *name, *arguments;
    int least, most;
    const char *options, *help;
    subcommand_fn *run;
} subcommands[] = {
#define SUBCOMMAND(name, arguments, least, most, options, help)                                              \
    {#name, arguments, least, most, options, help, subcommand_##name},
#include "terminal/subcommand.def"
#undef SUBCOMMAND
};

static const struct option {
    char letter;
    const char *name, *argument, *help;
} options[] = {
#define OPTION(letter, name, argument, help) {letter, name, argument, help},
#include "terminal/option.def"
#undef OPTION
};

static const char *const setting_names[] = {
#define SETTING(name, kind, field, value, help) #name,
#include "runtime/setting/setting.def"
#undef SETTING
};

#define LENGTH(array) (sizeof(array) / sizeof *(array))

static void help(void)
{
    puts("usage: swrctl [-p PID|NAME | -a] [--json] COMMAND ...\n");
    for (size_t i = 0; i < LENGTH(subcommands); i++) {
        const struct subcommand *s = &subcommands[i];
        int n = printf("  %s%s%s", s->name, s->arguments[0] != 0 ? " " : "", s->arguments);
        if (n > 38)
            n = printf("\n") - 1;
        printf("%*s%s\n", 40 - n, "", s->help);
    }
    puts("\nOptions, before or after the command:");
    for (size_t i = 0; i < LENGTH(options); i++) {
        const char *argument = options[i].argument;
        int n = printf("  %s%s%s", options[i].name, argument[0] != 0 ? " " : "", argument);
        printf("%*s%s\n", 40 - n, "", options[i].help);
    }
    puts("\nTARGET: all, quote, 'quote(\"ACME\", 3)', 'quote(\"AC*\", *)', 'quote(*, >=30)', region:shop,"
         "\n         tag:user:42, event:user.saved");
    fputs("Settings:", stdout);
    for (size_t i = 0; i < LENGTH(setting_names); i++)
        printf("%s%s", i == 7 ? "\n         " : " ", setting_names[i]);
    puts("\nTimes take units (250ms, 20s, 5m, 1h, inf), sizes too (64M, 1G).");
    puts("Exit status: 0 done, 1 failed, 2 wrong usage, 3 nothing matched, 4 no such process.");
}

static const struct subcommand *subcommand_of(const char *name)
{
    for (size_t i = 0; i < LENGTH(subcommands); i++)
        if (strcmp(subcommands[i].name, name) == 0)
            return &subcommands[i];
    return NULL;
}

/* `-p7`, `-p 7`, `--limit=7` and `--limit 7` are the same; *value is what is attached, or NULL. */
static const struct option *option_of(const char *text, const char **value)
{
    *value = NULL;
    for (size_t i = 0; i < LENGTH(options); i++) {
        size_t len = strlen(options[i].name);
        if (strcmp(text, options[i].name) == 0)
            return &options[i];
        if (options[i].argument[0] == 0 || strncmp(text, options[i].name, len) != 0)
            continue;
        if (len == 2 || text[len] == '=') {
            *value = text + len + (len > 2);
            return &options[i];
        }
    }
    return NULL;
}

static bool limit_of(const char *text, unsigned long long *limit)
{
    char *end;
    *limit = strtoull(text, &end, 10);
    return isdigit((unsigned char)text[0]) && *end == 0 && *limit != 0;
}

static bool sortable(const char *text)
{
    static const char *const sorts[] = {"age", "hits", "size", "cost"};
    for (size_t i = 0; i < LENGTH(sorts); i++)
        if (strcmp(text, sorts[i]) == 0)
            return true;
    return false;
}

/* STATUS_DONE, or what to end with. */
static int take_option(struct invocation *in, const struct option *o, const char *value)
{
    switch (o->letter) {
    case 'P':
        in->process = value;
        break;
    case 'A':
        in->all = true;
        break;
    case 'J':
        in->json = true;
        break;
    case 'd':
        in->dry = true;
        break;
    case 't':
        in->tree = true;
        break;
    case 'v':
        in->verbose = true;
        break;
    case 'o':
        in->older = value;
        break;
    case 'g':
        in->larger = value;
        break;
    case 'f':
        in->span = value;
        break;
    case 'c':
        in->percent = value;
        break;
    case 'm':
        in->match = value;
        break;
    case 's':
        in->sort = value;
        if (!sortable(value))
            return usage_error("cannot sort by %s; sort by age, hits, size or cost", value);
        break;
    case 'l':
        if (!limit_of(value, &in->limit))
            return usage_error("--limit takes a number above 0, not %s", value);
        break;
    }
    return STATUS_DONE;
}

/* What starts a program looks into none that runs: its options are its own, and stand behind it. */
static int check_raw(const struct subcommand *s, const char *given)
{
    for (size_t i = 0; i < LENGTH(options); i++)
        if (strchr(given, options[i].letter) != NULL)
            return usage_error("%s does not go with %s", options[i].name, s->name);
    return STATUS_DONE;
}

static int check(const struct subcommand *s, const struct invocation *in, const char *given)
{
    if (s->most == RAW_ARGUMENTS)
        return check_raw(s, given);
    for (size_t i = 0; i < LENGTH(options); i++)
        if (strchr(given, options[i].letter) != NULL && islower((unsigned char)options[i].letter) &&
            strchr(s->options, options[i].letter) == NULL)
            return usage_error("%s does not go with %s", options[i].name, s->name);
    if (in->all && in->process != NULL)
        return usage_error("-a and -p exclude each other");
    if (in->count < s->least || in->count > s->most)
        return usage_error("write swrctl %s%s%s%s", s->name, s->arguments[0] != 0 ? " " : "", s->arguments,
                           s->most == 1 && in->count > 1 ? " in one word, quoted for the shell" : "");
    return STATUS_DONE;
}

/* What was asked for; how the tool ends. */
static int act(int argc, char **argv)
{
    struct invocation in = {0};
    const struct subcommand *s = NULL;
    char given[LENGTH(options) + 1] = "";
    bool no_more = false;
    int result;
    for (int i = 1; i < argc; i++) {
        const char *a = argv[i], *value;
        if (no_more || a[0] != '-' || a[1] == 0) {
            if (s != NULL && in.count == OPERANDS_MAX)
                return usage_error("more than %d arguments", OPERANDS_MAX);
            if (s != NULL)
                in.operands[in.count++] = a;
            else if ((s = subcommand_of(a)) == NULL)
                return usage_error("no command %s", a);
            if (s->most != RAW_ARGUMENTS)
                continue;
            in.argc = argc - i - 1;
            in.argv = argv + i + 1;
            break;
        }
        if (strcmp(a, "--") == 0) {
            no_more = true;
            continue;
        }
        const struct option *o = strcmp(a, "-h") == 0 ? option_of("--help", &value) : option_of(a, &value);
        if (o == NULL)
            return usage_error("no option %s", a);
        if (o->letter == 'H' || o->letter == 'V') {
            if (o->letter == 'H')
                help();
            else
                puts("swrctl " SWRCTL_VERSION);
            return STATUS_DONE;
        }
        if (o->argument[0] != 0 && value == NULL && (value = argv[++i]) == NULL)
            return usage_error("%s needs %s", a, o->argument);
        if ((result = take_option(&in, o, value)) != STATUS_DONE)
            return result;
        if (strchr(given, o->letter) == NULL)
            given[strlen(given)] = o->letter;
    }
    if (s == NULL)
        return usage_error("no command");
    if ((result = check(s, &in, given)) != STATUS_DONE)
        return result;
    in.subcommand = s->name;
    return s->run(&in);
}

int main(int argc, char **argv)
{
    int result = act(argc, argv);
    return text_written() ? result : STATUS_FAILED;
}
