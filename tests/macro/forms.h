#ifndef FORMS_H
#define FORMS_H

#include <swrcache.h>

struct box {
    int refs, value;
};
struct place {
    char tag;
    int x, y;
    char city[8];
    struct {
        short in;
    } deep;
    void *ignored;
};

SWR_DECLARE(double, quote, (SWR_STR(symbol), SWR_VAL(int, days)));
SWR_DECLARE_STRING(greet, (SWR_STR(who)));
SWR_DECLARE_OBJECT(struct box, box_get, (SWR_VAL(int, value)));
SWR_DECLARE_VOID(split, (SWR_VAL(int, v), SWR_OUT(int, lo), SWR_OUT(int, hi)));

int other_file(void);

#endif
