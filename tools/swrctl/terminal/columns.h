/* columns.h - a list of words, in indented lines that a terminal has room for. */
#ifndef SWRCTL_COLUMNS_H
#define SWRCTL_COLUMNS_H

#include <stdio.h>

struct columns {
    FILE *out;
    int column; /* 0: nothing yet */
};

void columns_word(struct columns *c, const char *word);
void columns_end(struct columns *c);

#endif
