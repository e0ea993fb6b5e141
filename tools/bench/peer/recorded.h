/*
 * recorded.h - peers measured once elsewhere, known as multiples of the floor: what they would be beside
 * ours, by the floor of this run. An estimate, told as such.
 */
#ifndef SWRBENCH_RECORDED_H
#define SWRBENCH_RECORDED_H

#include "measure/report.h"

/*
 * `workload`: 0 numbers hot, 1 numbers spread, 2 strings hot, 3 strings spread; `team`: 0 or 1, of one or two
 * threads; `floor_by_ours`: the floor's time by ours in this run.
 */
void recorded_compare(const struct settings *settings, unsigned workload, const char *what, unsigned team,
                      const struct spread *floor_by_ours);

#endif
