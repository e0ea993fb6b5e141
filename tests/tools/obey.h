/* obey.h - a live process that does what each line of its input says, and answers "done" and a number. */
#ifndef TEST_OBEY_H
#define TEST_OBEY_H

#include <stdio.h>
#include <string.h>

/* -1: no such line. */
static int obey(const char *line);

int main(void)
{
    char line[256];
    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = 0;
        printf("done %d\n", obey(line));
        fflush(stdout);
    }
    return 0;
}

#endif
