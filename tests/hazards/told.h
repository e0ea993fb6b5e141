/* told.h - what the runtime has complained of. */
#ifndef HAZARD_TOLD_H
#define HAZARD_TOLD_H

#include "runtime/setting/complaint.h"

#include <string.h>

static inline bool told(const char *what)
{
    for (uint32_t i = 0; option_complaint(i) != NULL; i++)
        if (strstr(option_complaint(i), what) != NULL)
            return true;
    return false;
}

#endif
