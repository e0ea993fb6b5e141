/* process.h - how many threads or descriptors this process has. */
#ifndef TEST_PROCESS_H
#define TEST_PROCESS_H

#include <dirent.h>
#include <stddef.h>

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

#endif
