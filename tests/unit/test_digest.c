/* SPDX-License-Identifier: Apache-2.0 */
/* sources: loader/digest.c tests/unit/fixture/digest_vectors.c */
#include "loader/digest.h"
#include "tests/unit/check.h"
#include "tests/unit/fixture/digest_vectors.h"

#include <stdlib.h>
#include <string.h>

/* In memory of exactly its size, which the sanitizer watches. */
static void test_vectors(void)
{
    for (uint32_t n = 0; n < digest_vector_count; n++) {
        const struct digest_vector *vector = &digest_vectors[n];
        uint8_t *data = malloc(vector->size);
        uint8_t digest[DIGEST_SHA256_SIZE];

        digest_vector_fill(data, vector->size);
        digest_sha256(data, vector->size, digest);
        CHECK(memcmp(digest, vector->sha256, sizeof(digest)) == 0);
        CHECK_EQ(digest_crc32(data, vector->size), vector->crc32);
        free(data);
    }
}

int main(void)
{
    TEST(test_vectors);
    return test_result();
}
