/* expect: a field begins with a dot, .ttl_ms = 5 */
#include <swrcache.h>

SWR_REGION_POLICY("shop", ttl_ms = 5);
