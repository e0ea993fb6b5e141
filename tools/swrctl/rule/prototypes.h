/*
 * prototypes.h - a file of C prototypes, such as a library's header: what is no prototype is passed over.
 */
#ifndef SWRCTL_PROTOTYPES_H
#define SWRCTL_PROTOTYPES_H

#include <stdbool.h>

#include "textfile.h"

/* Of each, with a body or without: its function's name, and all of it in one line, up to the parenthesis that
 * ends it. */
typedef void prototypes_visit(const char *name, const char *text, void *cookie);
bool prototypes_read(const char *path, prototypes_visit *visit, void *cookie, struct textfile_error *error);
/* The same of what a file holds; the text is written to. */
void prototypes_text(char *text, prototypes_visit *visit, void *cookie);

#endif
