/*
 * watch.h - may the cache be asked now? And have the files that answers come from changed meanwhile?
 */
#ifndef NAMES_WATCH_H
#define NAMES_WATCH_H

#include <stdbool.h>

#include <swrcache.h>

/* What answers are about; files.def says which files each comes from. */
enum names_topic {
    TOPIC_USERS = 1,
    TOPIC_GROUPS = 2,
    TOPIC_HOSTS = 4,
    TOPIC_SERVICES = 8,
};

/* Puts `all` (swrcache_all_...) among what is dropped when a file of the topic changes. */
void watch_register(enum names_topic topic, size_t (*all)(enum swrcache_operation));
/* False: the function itself is to be called. Looks at the files from time to time. */
bool watch_ready(enum names_topic topic);
/* An answer of this topic says that there is none: its files are looked at with every call for a while. */
void watch_negative(enum names_topic topic);
void watch_fork_child(void);

#endif
