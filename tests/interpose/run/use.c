/*
 * use.c - calls by the words it is given; prints an answer each.
 *   price      the price, twice        who        two strings that must stay
 *   titled     writes a title over its arguments and its environment, as daemons do
 *   failing    a failed call, again    early      what a library's constructor got
 *   maps       threads and descriptors of this process, before and after a cached call
 *   env        LD_PRELOAD, the names of its files alone      child      the same in a child
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

double price(const char *symbol, int days);
const char *who(int n);
int failing(int n);

static double early[2];

__attribute__((constructor)) static void start(void)
{
    early[0] = price("EARLY", 1);
    early[1] = price("EARLY", 1);
}

static int entries(const char *path)
{
    DIR *d = opendir(path);
    int n = 0;
    while (readdir(d) != NULL)
        n++;
    closedir(d);
    return n;
}

static void preloads(void)
{
    char *list = getenv("LD_PRELOAD"), *word;
    for (word = list != NULL ? strtok(list, " :") : NULL; word != NULL; word = strtok(NULL, " :"))
        printf("%s ", strncmp(basename(word), "libswrcache-wrap-", 17) == 0 ? "wrap" : basename(word));
    puts(getenv("SWR_NO_CHILDREN") != NULL ? "marked" : "");
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        if (strcmp(word, "titled") == 0) {
            char *end = argv[0];
            for (int a = 0; a < i; a++)
                end = argv[a] + strlen(argv[a]);
            memset(argv[0], 'x', (size_t)(end - argv[0]));
            for (char **e = environ; *e != NULL; e++)
                memset(*e, 'x', strlen(*e));
        } else if (strcmp(word, "price") == 0) {
            double first = price("ACME", 3);
            puts(first == price("ACME", 3) ? "W" : "-");
        } else if (strcmp(word, "who") == 0) {
            const char *a = who(0), *b = who(1);
            printf("%s%s\n", a, b);
        } else if (strcmp(word, "failing") == 0) {
            int first = failing(7), second = failing(7);
            printf("%d %d %d\n", first, second, failing(7));
        } else if (strcmp(word, "early") == 0) {
            puts(early[0] == early[1] ? "W" : "-");
        } else if (strcmp(word, "quiet") == 0) {
            int threads = entries("/proc/self/task"), files = entries("/proc/self/fd");
            price("QUIET", 1);
            price("QUIET", 1);
            printf("%d %d\n", entries("/proc/self/task") - threads, entries("/proc/self/fd") - files);
        } else if (strcmp(word, "env") == 0) {
            preloads();
        } else if (strcmp(word, "child") == 0) {
            fflush(stdout);
            char command[4096];
            snprintf(command, sizeof command, "exec %s env price", argv[0]);
            if (system(command) != 0)
                return 1;
        } else if (strcmp(word, "nine") == 0) {
            return 9;
        } else {
            /* A plugin. */
            void *plugin = dlopen(word, RTLD_NOW | RTLD_LOCAL);
            double (*call)(void) = plugin != NULL ? (double (*)(void))dlsym(plugin, "plugin") : NULL;
            if (call == NULL) {
                puts(dlerror());
                return 1;
            }
            double first = call();
            puts(first == call() ? "W" : "-");
        }
    }
    return 0;
}
