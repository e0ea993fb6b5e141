/* use.c - asks each function twice; prints W for each whose second answer is the first. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct thing {
    int references, number;
};
int count(const char *of, int by);
char *text(int n);
struct thing *thing_make(int n);
void thing_free(struct thing *t);
void measure(int n, double *result);

int main(void)
{
    char name[] = "ACME", again[] = "ACME";
    char *a = text(1), *b = text(1);
    struct thing *t = thing_make(2), *u = thing_make(2);
    double x, y;
    measure(3, &x);
    measure(3, &y);
    printf("%c%c%c%c", count(name, 3) == count(again, 3) ? 'W' : '-', strcmp(a, b) == 0 && a != b ? 'W' : '-',
           t->number == u->number ? 'W' : '-', x == y ? 'W' : '-');
    /* Other arguments, other answers. */
    printf("%c\n", count("ACME", 4) == count("ACME", 5) ? '-' : 'W');
    free(a);
    free(b);
    thing_free(t);
    thing_free(u);
    return 0;
}
