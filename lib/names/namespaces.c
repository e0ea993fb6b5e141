/*
 * namespaces.c - unshare() and setns(): a process that goes to another network asks other servers. What else
 * it leaves behind is seen by the files, which are others there.
 */
#include "lookup.h"

#include <sched.h>

NAMES_EXPORT int unshare(int flags)
{
    int status = NAMES_NEXT(unshare)(flags);
    if (status == 0 && (flags & CLONE_NEWNET) != 0)
        watch_moved(TOPIC_HOSTS);
    return status;
}

/* Of what kind the namespace is only the system knows where the caller does not say. */
NAMES_EXPORT int setns(int descriptor, int kind)
{
    int status = NAMES_NEXT(setns)(descriptor, kind);
    if (status == 0)
        watch_moved(kind == 0 ? TOPICS : (kind & CLONE_NEWNET) != 0 ? TOPIC_HOSTS : 0);
    return status;
}
