/* reload.h - what reload.c and its plug-in tell each other. */
#ifndef RELOAD_H
#define RELOAD_H

#include <stdatomic.h>

struct box {
    int value;
};

/* The program's; it outlives each life of the plug-in. */
struct reload_host {
    _Atomic int made, freed;     /* boxes */
    _Atomic int bodies;          /* run in all */
    _Atomic int ended;           /* how often the plug-in's own destructor ran */
    void (*_Atomic amid)(int n); /* called from the bodies of `number` */
};

/* What a life of the plug-in can do. */
struct reload_plugin {
    int build;
    int (*number)(int n);
    char *(*word)(int n);
    struct box *(*boxed)(int n);
    int (*coded)(int n);  /* an object that is kept as bytes */
    int (*keyed)(int n);  /* a key of its own making */
    int (*step)(int n);   /* rounded down to tens */
    int (*warmed)(int n); /* kept warm */
    int (*rename)(int n); /* a writer: number(n) */
    void (*box_free)(struct box *b);
};

typedef const struct reload_plugin *reload_tell(struct reload_host *host);

#endif
