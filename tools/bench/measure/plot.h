/*
 * plot.h - a picture of a result: DIR/NAME.svg, drawn by gnuplot, beside its figures in DIR/NAME.dat.
 */
#ifndef SWRBENCH_PLOT_H
#define SWRBENCH_PLOT_H

#include "bench.h"

struct plot; /* nothing happens with a NULL one */

/* NULL without --plot, or when the folder cannot be written to: that is told on stderr. */
struct plot *plot_open(const struct settings *settings, const char *name, const char *title);
void plot_curve(struct plot *plot, const char *label); /* the points that follow belong to it */
void plot_point(struct plot *plot, double x, double y);
/* `axes`: gnuplot's own words for the axes. False: gnuplot is missing or failed, told on stderr. */
bool plot_close(struct plot *plot, const char *axes);

#endif
