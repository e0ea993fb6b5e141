/*
 * command.h - the commands of swrbench, but for those that replay traces (replay/replay.h).
 */
#ifndef SWRBENCH_COMMAND_H
#define SWRBENCH_COMMAND_H

#include "measure/bench.h"

/* The commands: 0 done, 1 failed, 2 wrong usage. */
int bench_hit(const struct settings *settings);
int bench_stale(const struct settings *settings);
int bench_stampede(const struct settings *settings);
int bench_start(const struct settings *settings);
int bench_edge(const struct settings *settings);
int bench_invalidate(const struct settings *settings);
int bench_compare(const struct settings *settings);
int bench_memory(const struct settings *settings);
int bench_wrap(const struct settings *settings);
int bench_idle(const struct settings *settings);
int bench_lines(const struct settings *settings);
int bench_names(const struct settings *settings);

#endif
