/* SPDX-License-Identifier: Apache-2.0 */
/* What newlib's string printf wants from the parts of newlib that the hypervisor leaves out.  An
 * allocation is refused: printf into a caller's buffer never needs one. */

#include <locale.h>
#include <reent.h>
#include <stddef.h>

/* Names that newlib_refuse_* stand for are chosen by -D when the library is compiled, so that a
 * real allocator can never be linked by mistake. */
void *newlib_refuse_malloc(struct _reent *reent, size_t size);
void *newlib_refuse_realloc(struct _reent *reent, void *old, size_t size);
void newlib_refuse_free(struct _reent *reent, void *old);
struct lconv *_localeconv_r(struct _reent *reent);

static struct lconv c_locale = { .decimal_point = "." };
static struct _reent reent_state;
struct _reent *_impure_ptr = &reent_state;

void *newlib_refuse_malloc(struct _reent *reent, size_t size)
{
    (void)reent;
    (void)size;
    return NULL;
}

void *newlib_refuse_realloc(struct _reent *reent, void *old, size_t size)
{
    (void)reent;
    (void)old;
    (void)size;
    return NULL;
}

void newlib_refuse_free(struct _reent *reent, void *old)
{
    (void)reent;
    (void)old;
}

struct lconv *_localeconv_r(struct _reent *reent)
{
    (void)reent;
    return &c_locale;
}
