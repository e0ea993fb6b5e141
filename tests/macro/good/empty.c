#include <swrcache.h>
