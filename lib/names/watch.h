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
    TOPICS = TOPIC_USERS | TOPIC_GROUPS | TOPIC_HOSTS | TOPIC_SERVICES,
};

/* Puts `all` (swrcache_all_...) among what is dropped when a file of the topic changes. */
void watch_register(enum names_topic topic, size_t (*all)(enum swrcache_operation));
/*
 * False: the function itself is to be called. Looks at the topic's files first: of what has changed before
 * this call began the old answers are gone.
 */
bool watch_ready(enum names_topic topic);
/* The process is in another place now: what was found in the old one is forgotten. */
void watch_moved(unsigned topics);

#endif
