#include "recorded.h"

#include <stdio.h>

#include "measure/goal.h"

enum sort { FLOOR, JAVA, TABLE, BOUNDED, QUICK_CACHE, CAFFEINE };

static const struct recorded {
    const char *name;
    enum sort sort;
    double ns[8];
} peers[] = {
#define RECORDED(name, sort, ...) {name, sort, {__VA_ARGS__}},
#include "recorded.def"
#undef RECORDED
};

static const char note[] = "by multiples of the floor that were recorded on another machine";

static void tell(enum goal goal, const struct spread *ratio, const char *of)
{
    goal_worst(goal, ratio, of);
    goal_note(goal, note);
}

static void judge(const struct recorded *peer, unsigned team, const struct spread *ratio, const char *of)
{
    if (peer->sort == JAVA)
        tell(GOAL_JAVA, ratio, of);
    else if (peer->sort == TABLE)
        tell(GOAL_RECORDED_TABLES, ratio, of);
    else if (team == 1)
        tell(GOAL_RECORDED_TWO, ratio, of);
    else if (peer->sort == QUICK_CACHE)
        tell(GOAL_QUICK_CACHE, ratio, of);
    else if (peer->sort == CAFFEINE)
        tell(GOAL_CAFFEINE, ratio, of);
    else
        tell(GOAL_RECORDED_ONE, ratio, of);
}

void recorded_compare(const struct settings *settings, unsigned workload, const char *what, unsigned team,
                      const struct spread *floor_by_ours)
{
    for (size_t i = 1; i < sizeof peers / sizeof *peers; i++) {
        double times = peers[i].ns[workload * 2 + team] / peers[0].ns[workload * 2 + team];
        struct spread ratio = {times * floor_by_ours->median, times * floor_by_ours->min,
                               times * floor_by_ours->max, floor_by_ours->rounds};
        char of[96];

        if (peers[i].ns[workload * 2 + team] == 0)
            continue;
        snprintf(of, sizeof of, "%s, %s, %uT", peers[i].name, what, team + 1);
        judge(&peers[i], team, &ratio, of);
        snprintf(of, sizeof of, "%s, %s", peers[i].name, what);
        json_begin(settings, "compare", of, "times ours, by the floor", &ratio);
        json_count("threads", team + 1);
        json_text("peer", peers[i].name);
        json_text("version", "recorded");
        json_end(settings);
    }
}
