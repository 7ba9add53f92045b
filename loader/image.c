/* SPDX-License-Identifier: Apache-2.0 */
#include "loader/image.h"

#include <string.h>

#include "arch/arch.h"
#include "loader/digest.h"
#include "platform/log.h"

static bool image_verify(const struct vm_row *vm, const struct image_row *image)
{
    const uint8_t *data = (const uint8_t *)image->source.addr;
    bool good = true;

    if (CONFIG_VERIFY_IMAGES_SHA256) {
        uint8_t digest[DIGEST_SHA256_SIZE];

        digest_sha256(data, image->size, digest);
        good = memcmp(digest, image->sha256, sizeof(digest)) == 0;
    } else if (CONFIG_VERIFY_IMAGES_CRC32) {
        good = digest_crc32(data, image->size) == image->crc32;
    }
    if (!good) {
        log_error("%s: image '%s' (%llu bytes) is damaged: not started", vm->name, image->name,
                  (unsigned long long)image->size);
    }
    return good;
}

/*@
  predicate images_sound(struct vm_row *vm) =
    \valid_read(vm) && \valid_read(vm->image + (0 .. vm->image_count - 1)) &&
    (\forall integer n; 0 <= n < vm->image_count ==>
      vm->image[n].target.addr + vm->image[n].size < 0x10000000000000000);
  predicate is_in_place(struct image_row *image) = image->source.addr == image->target.addr;
  predicate apart(struct image_row *image, integer from, integer to) =
    to <= image->target.addr || image->target.addr + image->size <= from;
*/

/*@
  requires \valid_read(image);
  assigns \result \from *image;
  ensures \result != 0 <==> is_in_place(image);
*/
static bool in_place(const struct image_row *image)
{
    return image->source.addr == image->target.addr;
}

/* The lowest in-place image that ends behind `from`, or NULL. */
/*@
  requires images_sound(vm);
  assigns \result \from vm, from, vm->image, vm->image_count, vm->image[..];
  ensures \result == \null || (\exists integer n; 0 <= n < vm->image_count &&
    \result == vm->image + n && from < \result->target.addr + \result->size);
  ensures \forall integer n; 0 <= n < vm->image_count && is_in_place(vm->image + n) &&
    from < vm->image[n].target.addr + vm->image[n].size ==>
      \result != \null && \result->target.addr <= vm->image[n].target.addr;
*/
static const struct image_row *next_in_place(const struct vm_row *vm, uint64_t from)
{
    const struct image_row *next = NULL;

    /*@
      loop invariant 0 <= n <= vm->image_count;
      loop invariant next == \null || (\exists integer m; 0 <= m < n &&
        next == vm->image + m && from < next->target.addr + next->size);
      loop invariant \forall integer m; 0 <= m < n && is_in_place(vm->image + m) &&
        from < vm->image[m].target.addr + vm->image[m].size ==>
          next != \null && next->target.addr <= vm->image[m].target.addr;
      loop assigns n, next;
      loop variant vm->image_count - n;
    */
    for (uint32_t n = 0; n < vm->image_count; n++) {
        const struct image_row *image = &vm->image[n];

        if (in_place(image) && image->target.addr + image->size > from &&
            (next == NULL || image->target.addr < next->target.addr)) {
            next = image;
        }
    }
    return next;
}

/* Zeroes the RAM of one row, leaving out images that are there already. */
/*@
  requires images_sound(vm) && \valid_read(ram);
  requires ram->hpa.addr + ram->size < 0x10000000000000000;
  assigns \nothing;
*/
static void ram_zero(const struct vm_row *vm, const struct ram_row *ram)
{
    uint64_t at = ram->hpa.addr;
    uint64_t end = ram->hpa.addr + ram->size;

    /*@
      loop invariant ram->hpa.addr <= at;
      loop assigns at;
      loop variant end - at;
    */
    while (at < end) {
        const struct image_row *image = next_in_place(vm, at);
        uint64_t stop = end;

        if (image != NULL && image->target.addr < end) {
            stop = image->target.addr > at ? image->target.addr : at;
        }
        if (stop > at) {
            /*@ assert ram->hpa.addr <= at < stop <= ram->hpa.addr + ram->size; */
            /*@ assert \forall integer n; 0 <= n < vm->image_count &&
                  is_in_place(vm->image + n) ==> apart(vm->image + n, at, stop); */
            arch_mem_zero(HPA(at), stop - at);
        }
        if (stop == end) {
            break;
        }
        at = image->target.addr + image->size;
    }
}

bool image_place(const struct vm_row *vm, bool restart)
{
    for (uint32_t n = 0; n < vm->image_count; n++) {
        if (!image_verify(vm, &vm->image[n])) {
            return false;
        }
    }
    for (uint32_t n = 0; n < vm->ram_count; n++) {
        if (vm->ram[n].scrub || (restart && vm->ram[n].restore)) {
            ram_zero(vm, &vm->ram[n]);
        }
    }
    for (uint32_t n = 0; n < vm->image_count; n++) {
        const struct image_row *image = &vm->image[n];

        if (!in_place(image)) {
            arch_mem_copy(image->target, image->source, image->size);
        }
    }
    return true;
}
