/* unload.h - what unload.c and its plug-in tell each other. */
#ifndef UNLOAD_H
#define UNLOAD_H

struct box {
    int value;
    int number;
};

struct unload_host {
    int made, freed;   /* boxes */
    int opened, ended; /* lives of the plug-in */
};

#endif
