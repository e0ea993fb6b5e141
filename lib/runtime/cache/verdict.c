#include "verdict.h"

/* Of a result that is not stored all reasons may hold; the first is told. */
enum verdict verdict_of(const struct ended *x)
{
    if (x->fenced)
        return VERDICT_FENCED;
    if (x->raised)
        return VERDICT_RAISED;
    /* A failure takes no value's place. */
    if (x->failed && (x->good || x->forgetting))
        return VERDICT_FAILED;
    enum verdict v = x->crowded    ? VERDICT_CROWDED
                     : x->skipped  ? VERDICT_SKIPPED
                     : x->unnamed  ? VERDICT_UNNAMED
                     : x->too_many ? VERDICT_TOO_MANY
                     : !x->made    ? VERDICT_NO_MEMORY
                     : !x->fits    ? VERDICT_TOO_LARGE
                     : x->older    ? VERDICT_OLDER
                     : !x->linked  ? VERDICT_NO_MEMORY
                     : x->clogged  ? VERDICT_RETIRED
                                   : VERDICT_STORED;
    return x->failed && v != VERDICT_STORED ? VERDICT_FAILED : v;
}

enum history_what verdict_noted(enum verdict v)
{
    static const uint8_t noted[VERDICTS] = {
        [VERDICT_RAISED] = HISTORY_FENCED,     [VERDICT_FAILED] = HISTORY_FAILED,
        [VERDICT_SKIPPED] = HISTORY_SKIPPED,   [VERDICT_CROWDED] = HISTORY_CROWDED,
        [VERDICT_UNNAMED] = HISTORY_UNNAMED,   [VERDICT_TOO_LARGE] = HISTORY_TOO_LARGE,
        [VERDICT_TOO_MANY] = HISTORY_TOO_MANY, [VERDICT_RETIRED] = HISTORY_RETIRED,
        [VERDICT_NO_MEMORY] = HISTORY_NO_ROOM,
    };
    return (enum history_what)noted[v];
}
