#include "invocation.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

int usage_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("swrctl: ", stderr);
    text_vprint(stderr, format, &args);
    fputs("; swrctl --help shows the commands\n", stderr);
    va_end(args);
    return STATUS_USAGE;
}

bool mode_known(const char *mode)
{
    static const char *const modes[] = {"observe", "shadow", "on", "off"};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        if (strcmp(modes[i], mode) == 0)
            return true;
    return false;
}
