/*
 * use.c - calls price() by one path, twice; prints W when the second call was answered from memory, - when
 * not. usage: use PATH [LIBRARY-OR-PLUGIN]; "use equal LIBRARY" compares the function's addresses
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef double price_fn(const char *, int);
double price(const char *symbol, int days);
double price_inside(void);

#ifdef OWN
double price(const char *symbol, int days)
{
    static double calls;
    (void)symbol;
    (void)days;
    return ++calls;
}
double price_inside(void)
{
    return price("ACME", 3);
}
#endif

#ifndef TAKES
price_fn *volatile in_data = price;
#endif
#ifdef TABLE
extern price_fn *price_table[1];
#endif

static double ask(void *found)
{
    if (found == NULL) {
        puts(dlerror());
        exit(1);
    }
    return ((price_fn *)found)("ACME", 3);
}

static double by(const char *path, const char *file)
{
    if (strcmp(path, "direct") == 0)
        return price("ACME", 3);
#ifdef TAKES
    if (strcmp(path, "address") == 0) {
        price_fn *volatile taken = price;
        return taken("ACME", 3);
    }
#else
    if (strcmp(path, "data") == 0)
        return in_data("ACME", 3);
#endif
    if (strcmp(path, "inside") == 0)
        return price_inside();
#ifdef TABLE
    if (strcmp(path, "table") == 0)
        return price_table[0]("ACME", 3);
#endif
    if (strcmp(path, "default") == 0)
        return ask(dlsym(RTLD_DEFAULT, "price"));
    if (strcmp(path, "program") == 0)
        return ask(dlsym(dlopen(NULL, RTLD_NOW), "price"));
    if (strcmp(path, "handle") == 0)
        return ask(dlsym(dlopen(file, RTLD_NOW | RTLD_LOCAL), "price"));
    int flags = strcmp(path, "lazy") == 0 ? RTLD_LAZY : RTLD_NOW;
    if (strcmp(path, "deepbind") == 0)
        flags |= RTLD_DEEPBIND;
    static void *plugin;
    if (plugin == NULL)
        plugin = strcmp(path, "dlmopen") == 0 ? dlmopen(LM_ID_NEWLM, file, flags)
                                              : dlopen(file, flags | RTLD_LOCAL);
    if (plugin == NULL) {
        puts(dlerror());
        exit(1);
    }
    return ((double (*)(void))dlsym(plugin, "plugin"))();
}

int main(int argc, char **argv)
{
    const char *file = argc > 2 ? argv[2] : NULL;
    if (strcmp(argv[1], "equal") == 0) {
        /* Whoever takes the address gets the same one. */
        void *program = dlopen(NULL, RTLD_NOW);
        price_fn *volatile taken = price;
        puts((void *)taken == dlsym(RTLD_DEFAULT, "price") && (void *)taken == dlsym(program, "price") &&
                     (void *)taken == dlsym(dlopen(file, RTLD_NOW), "price")
                 ? "equal"
                 : "different");
        return 0;
    }
    double first = by(argv[1], file), second = by(argv[1], file);
    puts(first == second ? "W" : "-");
    return 0;
}
