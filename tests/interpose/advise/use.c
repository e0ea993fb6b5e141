#include "offered.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    double sum = 0;
    for (int i = 0; i < 20; i++)
        sum += scaled(i % 4 == 0 ? "four" : "one", i % 2);
    for (unsigned i = 0; i < 100; i++)
        sum += doubled(i % 50);
    sum += strlen(colour_name(GREEN)) + (double)handle_size(handle_new("x"));
    printf("%.0f\n", sum);
    fflush(stdout);
    return argc > 1 && strcmp(argv[1], "wait") == 0 ? raise(SIGINT) : 5;
}
