#include "record.h"

#include <grp.h>

static const struct record record = {
    .size = sizeof(struct group),
    .nfields = 3,
    .fields = {{offsetof(struct group, gr_name), FIELD_TEXT},
               {offsetof(struct group, gr_passwd), FIELD_TEXT},
               {offsetof(struct group, gr_mem), FIELD_TEXTS}},
};

#define RECORD    group
#define ID        gid_t
#define BY_NAME   getgrnam
#define BY_NAME_R getgrnam_r
#define BY_ID     getgrgid
#define BY_ID_R   getgrgid_r
#define TOPIC     TOPIC_GROUPS
#define REGION    "names.groups"
#include "accounts.h"
