#define _GNU_SOURCE
#include "plot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "child.h"

enum { CURVES = 16, PATH = 512 };

struct plot {
    FILE *data;
    char base[PATH], title[128];
    char labels[CURVES][64];
    int curves;
};

struct plot *plot_open(const struct settings *settings, const char *name, const char *title)
{
    struct plot *plot = settings->plot ? calloc(1, sizeof *plot) : NULL;
    char path[PATH + 8];

    if (!plot)
        return NULL;
    snprintf(plot->base, sizeof plot->base, "%s/%s", settings->plot, name);
    snprintf(plot->title, sizeof plot->title, "%s", title);
    snprintf(path, sizeof path, "%s.dat", plot->base);
    plot->data = fopen(path, "we");
    if (!plot->data) {
        fprintf(stderr, "swrbench: cannot write %s: %s\n", path, strerror(errno));
        free(plot);
        return NULL;
    }
    return plot;
}

void plot_curve(struct plot *plot, const char *label)
{
    if (!plot || plot->curves == CURVES)
        return;
    snprintf(plot->labels[plot->curves], sizeof plot->labels[0], "%s", label);
    fprintf(plot->data, "%s# %s\n", plot->curves++ ? "\n\n" : "", label);
}

void plot_point(struct plot *plot, double x, double y)
{
    if (plot)
        fprintf(plot->data, "%.9g %.9g\n", x, y);
}

bool plot_close(struct plot *plot, const char *axes)
{
    char script[4096];
    int used;
    const char *const argv[] = {"gnuplot", "-e", script, NULL};
    bool drawn = true;
    pid_t pid;
    int fd;

    if (!plot)
        return true;
    fclose(plot->data);
    used = snprintf(
        script, sizeof script,
        "set terminal svg noenhanced size 800,500; set output '%s.svg'; set title '%s'; set grid; %s; plot ",
        plot->base, plot->title, axes);
    for (int i = 0; i < plot->curves && used > 0 && (size_t)used < sizeof script; i++)
        used += snprintf(script + used, sizeof script - (size_t)used,
                         "%s'%s.dat' index %d with linespoints title '%s'", i ? ", " : "", plot->base, i,
                         plot->labels[i]);
    if (plot->curves > 0) {
        pid = child_open(argv, &fd);
        drawn = pid >= 0 && child_close(pid, fd);
        if (!drawn)
            fprintf(stderr,
                    "swrbench: gnuplot did not draw %s.svg: is it installed? The figures are in %s.dat\n",
                    plot->base, plot->base);
    }
    free(plot);
    return drawn;
}
