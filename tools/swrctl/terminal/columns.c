#include "columns.h"

#include <string.h>
#include "text.h"

enum { WIDTH = 110, INDENT = 4 };

void columns_word(struct columns *c, const char *word)
{
    int len = (int)strlen(word);
    if (c->column == 0)
        c->column = text_print(c->out, "%*s%s", INDENT, "", word);
    else if (c->column + len + 3 > WIDTH)
        c->column = text_print(c->out, ",\n%*s%s", INDENT, "", word) - 2;
    else
        c->column += text_print(c->out, ", %s", word);
}

void columns_end(struct columns *c)
{
    if (c->column != 0)
        fputc('\n', c->out);
    c->column = 0;
}
