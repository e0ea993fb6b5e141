/*
 * host.c - a program that does with what is its own what daemons do, before it makes the first wrapped call.
 * usage: host WHAT...      each in turn:
 *   title         writes a title over its arguments and its environment, as setproctitle() does
 *   clear         has no environment from here on
 *   root=DIR      makes DIR its root directory
 *   user=UID      becomes this user
 *   serve         answers each line of its input, a number, with what counted() gives for it
 */
#define _GNU_SOURCE
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int counted(int n);

static int fail(const char *what)
{
    perror(what);
    return 1;
}

/* From the first argument's name to the end of the last variable, of what lies there in one piece. */
static void write_title(char **argv)
{
    char *begin = argv[0], *end = begin;
    for (char **word = argv; *word != NULL; word++)
        if (*word == end)
            end += strlen(*word) + 1;
    for (char **word = environ; word != NULL && *word != NULL; word++)
        if (*word == end)
            end += strlen(*word) + 1;
    memset(begin, 0, (size_t)(end - begin));
    snprintf(begin, (size_t)(end - begin), "titled: worker process");
}

int main(int argc, char **argv)
{
    char *words[16] = {NULL};
    char line[64];
    for (int i = 1; i < argc && i < 16; i++)
        words[i - 1] = strdup(argv[i]);
    for (char **word = words; *word != NULL; word++) {
        if (strcmp(*word, "title") == 0)
            write_title(argv);
        else if (strcmp(*word, "clear") == 0)
            clearenv();
        else if (strncmp(*word, "root=", 5) == 0 && (chroot(*word + 5) != 0 || chdir("/") != 0))
            return fail(*word);
        else if (strncmp(*word, "user=", 5) == 0 &&
                 (setgroups(0, NULL) != 0 || setgid((gid_t)atoi(*word + 5)) != 0 ||
                  setuid((uid_t)atoi(*word + 5)) != 0))
            return fail(*word);
        else if (strcmp(*word, "serve") == 0)
            while (fgets(line, sizeof line, stdin) != NULL) {
                printf("%d\n", counted(atoi(line)));
                fflush(stdout);
            }
    }
    return 0;
}
