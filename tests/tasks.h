/* tasks.h - what the kernel says of the other threads of this process. */
#ifndef TEST_TASKS_H
#define TEST_TASKS_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Whether all of them block every signal; how many they are in *others. */
static inline int tasks_block_all(int *others)
{
    DIR *tasks = opendir("/proc/self/task");
    int all = tasks != NULL;
    struct dirent *task;
    *others = 0;
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
    /* Its own background thread takes signals. */
    if (tasks != NULL)
        closedir(tasks);
    *others = 1;
    return 1;
#endif
#endif
    while (tasks != NULL && (task = readdir(tasks)) != NULL) {
        char path[300], line[200];
        if (task->d_name[0] == '.' || atoi(task->d_name) == getpid())
            continue;
        snprintf(path, sizeof path, "/proc/self/task/%s/status", task->d_name);
        FILE *f = fopen(path, "r");
        while (f != NULL && fgets(line, sizeof line, f) != NULL) {
            unsigned long long blocked;
            if (sscanf(line, "SigBlk: %llx", &blocked) != 1)
                continue;
            ++*others;
            /* SIGKILL and SIGSTOP cannot be blocked, 32 and 33 are glibc's own. */
            unsigned long long may_be_open = 1ull << 8 | 1ull << 18 | 1ull << 31 | 1ull << 32;
            if ((blocked | may_be_open) != ~0ull)
                all = 0;
        }
        if (f != NULL)
            fclose(f);
    }
    if (tasks != NULL)
        closedir(tasks);
    return all;
}

#endif
