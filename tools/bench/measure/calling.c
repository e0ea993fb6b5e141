#include "calling.h"

#include <stdio.h>
#include <string.h>

#include "child.h"
#include "place.h"

enum { OUTPUT = 32768 };

bool calling_measure(const struct settings *settings, const char *const *environment, struct calling *calling)
{
    static char output[OUTPUT];
    static const char *const names[CALLING_KINDS] = {"own", "numbers", "texts"};
    char program[PATH_MAX], rounds[16], *rest = NULL;
    const char *const argv[] = {program, rounds, settings->quick ? "quick" : "full", NULL};
    size_t found[CALLING_KINDS] = {0};

    snprintf(rounds, sizeof rounds, "%d", settings->rounds);
    if (!place_own("swrbench-calls", program) || !child_program(argv, environment, output, sizeof output))
        return false;
    calling->wrapped = false;
    for (char *line = strtok_r(output, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char name[16];
        double ns[CALLING_WAYS];

        if (sscanf(line, "%15s %lf %lf %lf", name, &ns[0], &ns[1], &ns[2]) != CALLING_WAYS + 1)
            return false;
        if (strcmp(name, "hits") == 0)
            calling->wrapped = ns[1] == 1 && ns[2] == 1;
        for (int kind = 0; kind < CALLING_KINDS; kind++) {
            if (strcmp(name, names[kind]) != 0 || found[kind] == MOST_ROUNDS)
                continue;
            for (int way = 0; way < CALLING_WAYS; way++)
                calling->ns[kind][way][found[kind]] = ns[way];
            found[kind]++;
        }
    }
    calling->rounds = found[0];
    return found[0] == (size_t)settings->rounds && found[1] == found[0] && found[2] == found[0];
}

struct spread calling_ns(const struct calling *calling, enum calling_kind kind, enum calling_way way)
{
    double values[MOST_ROUNDS];

    memcpy(values, calling->ns[kind][way], sizeof values);
    return spread_of(values, calling->rounds);
}

struct spread calling_above(const struct calling *calling, enum calling_kind kind, enum calling_way way,
                            enum calling_way than)
{
    double values[MOST_ROUNDS];

    for (size_t round = 0; round < calling->rounds; round++)
        values[round] = calling->ns[kind][way][round] - calling->ns[kind][than][round];
    return spread_of(values, calling->rounds);
}
