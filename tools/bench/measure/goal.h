/*
 * goal.h - what is aimed at, and what this run found of it. The commands say what they measured; at the end
 * every row of the table is printed, with the reason where a row could not be measured.
 */
#ifndef SWRBENCH_GOAL_H
#define SWRBENCH_GOAL_H

#include "report.h"

enum goal {
#define GOAL(name, what, direction, limit, unit) GOAL_##name,
#include "goal.def"
#undef GOAL
    GOALS,
};

void goal_found(enum goal goal, const struct spread *spread);
/* Of several such figures the one furthest from the goal counts; `of` says which it was of. */
void goal_worst(enum goal goal, const struct spread *spread, const char *of);
/* What the row's figure is to be read with, or why there is none. Kept by reference. */
void goal_note(enum goal goal, const char *note);

void goals_print(const struct settings *settings);

#endif
