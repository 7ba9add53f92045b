/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IVC_SHARED_H
#define IVC_SHARED_H

#define KEY 0x33u
#define PUBLISHER_ID 7u
#define SUBSCRIBER_ID 2u /* its place in the deployment */
#define NEWS_SIZE (4u << 20)
#define GREETING UINT64_C(0x6f6c6c6568)

/* AxVM's numbers. */
#define PUBLISH 3u
#define SUBSCRIBE 4u
#define UNPUBLISH 5u
#define UNSUBSCRIBE 6u

#endif
