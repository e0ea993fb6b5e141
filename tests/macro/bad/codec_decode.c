/* expect: the decode function of 'box_codec' must return a pointer */
#include <swrcache.h>

struct box {
    int value;
};
static size_t encode(const struct box *box, void *buffer, size_t room)
{
    (void)buffer;
    return room + (size_t)box->value;
}
static int decode(const void *bytes, size_t len)
{
    return bytes != 0 && len != 0;
}
SWR_CODEC(box_codec, struct box, encode, decode);
