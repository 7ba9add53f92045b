/* SPDX-License-Identifier: Apache-2.0 */

/* Says again every line that it is told; "off" ends it, "crash" crashes it. */

#include <bulkhead/vm.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    char line[80];

    printf("listening\n");
    while (fgets(line, sizeof(line), stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        printf("\nheard \"%s\"\n", line);
        if (strcmp(line, "crash") == 0) {
            vm_crash();
        }
        if (strcmp(line, "off") == 0) {
            break;
        }
    }
    return 0;
}
