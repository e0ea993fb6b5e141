/* process.h - what the system says of this process: how many threads or descriptors, and whether one sleeps.
 */
#ifndef TEST_PROCESS_H
#define TEST_PROCESS_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Entries of a directory like /proc/self/task; of /proc/self/fd one is the look's own. */
static inline int process_count(const char *directory)
{
    DIR *list = opendir(directory);
    int n = 0;
    for (struct dirent *entry; list != NULL && (entry = readdir(list)) != NULL;)
        n += entry->d_name[0] != '.';
    if (list != NULL)
        closedir(list);
    return n;
}

/* Does a thread of this process wait for something? */
static inline bool process_thread_sleeps(int thread)
{
    char path[64], line[512] = "";
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", thread);
    FILE *f = fopen(path, "re");
    if (f != NULL && fgets(line, sizeof line, f) == NULL)
        line[0] = 0;
    if (f != NULL)
        fclose(f);
    const char *end = strrchr(line, ')');
    return end != NULL && end[1] == ' ' && end[2] == 'S';
}

#endif
