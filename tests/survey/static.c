/* static.c - a program without a dynamic loader: preloading does not reach it. */
#include <stdio.h>

int main(void)
{
    puts("static");
    return 0;
}
