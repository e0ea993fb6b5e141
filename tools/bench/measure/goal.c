#include "goal.h"

#include <stdio.h>
#include <string.h>

enum direction { MOST, LEAST, MARK };

static const struct aim {
    const char *what, *unit;
    enum direction direction;
    double limit;
} aims[GOALS] = {
#define GOAL(name, what_, direction_, limit_, unit_) {what_, unit_, direction_, limit_},
#include "goal.def"
#undef GOAL
};

static struct found {
    bool measured;
    struct spread spread;
    const char *note;
    char of[96];
} found[GOALS];

void goal_found(enum goal goal, const struct spread *spread)
{
    found[goal].measured = true;
    found[goal].spread = *spread;
}

void goal_worst(enum goal goal, const struct spread *spread, const char *of)
{
    struct found *row = &found[goal];
    bool worse = aims[goal].direction == MOST ? spread->median > row->spread.median
                                              : spread->median < row->spread.median;

    if (row->measured && !worse)
        return;
    goal_found(goal, spread);
    snprintf(row->of, sizeof row->of, "%s", of);
}

void goal_note(enum goal goal, const char *note)
{
    found[goal].note = note;
}

static bool met(enum goal goal)
{
    double value = found[goal].spread.median;

    return aims[goal].direction == MOST ? value <= aims[goal].limit : value >= aims[goal].limit;
}

/* Which of several it was of, and the note. */
static void remark(const struct found *row, char *text, size_t size)
{
    const char *note = row->note ? row->note : row->measured ? "" : "not measured in this run";

    snprintf(text, size, "%s%s%s", row->of, row->of[0] && note[0] ? "; " : "", note);
}

static void print_row(const struct settings *settings, enum goal goal)
{
    static const char *const signs[] = {[MOST] = "<=", [LEAST] = ">=", [MARK] = "near"};
    const struct found *row = &found[goal];
    const struct aim *aim = &aims[goal];
    const char *state = !row->measured ? "-" : aim->direction == MARK ? "mark" : met(goal) ? "met" : "UNMET";
    char value[32] = "-", text[256];

    remark(row, text, sizeof text);
    if (row->measured)
        snprintf(value, sizeof value, "%.3g", row->spread.median);
    if (!settings->json)
        printf("  %-56s %8s  %4s %-5g %-24s %-6s %s\n", aim->what, value, signs[aim->direction], aim->limit,
               aim->unit, state, text);
    json_begin(settings, "goal", aim->what, aim->unit, row->measured ? &row->spread : NULL);
    json_text("sign", signs[aim->direction]);
    json_number("goal", aim->limit);
    if (row->measured && aim->direction != MARK)
        json_bool("met", met(goal));
    else
        json_null("met");
    json_text("note", text);
    json_end(settings);
}

void goals_print(const struct settings *settings)
{
    unsigned held = 0, missed = 0, unknown = 0;

    if (!settings->json)
        printf("goals: as ratios of this run\n  %-56s %8s  %-10s %-24s\n", "", "found", "goal", "");
    for (enum goal goal = 0; goal < GOALS; goal++) {
        print_row(settings, goal);
        if (aims[goal].direction == MARK)
            continue;
        held += found[goal].measured && met(goal);
        missed += found[goal].measured && !met(goal);
        unknown += !found[goal].measured;
    }
    if (!settings->json)
        printf("  %u met, %u unmet, %u not measured\n\n", held, missed, unknown);
}
