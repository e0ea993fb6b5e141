#include "mode_word.h"

#include <string.h>

const char *const mode_names[] = {"on", "off", "shadow", "observe", NULL};

bool mode_named(const char *name, enum function_mode *kind)
{
    for (int i = 0; mode_names[i] != NULL; i++)
        if (strcmp(mode_names[i], name) == 0) {
            *kind = (enum function_mode)i;
            return true;
        }
    return false;
}

bool mode_percent_of(const char *text, uint64_t *percent)
{
    return unit_count(text, percent) && *percent >= 1 && *percent <= MODE_ALL;
}
