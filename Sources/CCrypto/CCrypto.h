// OpenSSL's message digests: the processor's SHA instructions, whichever it has.
#ifndef CCRYPTO_H
#define CCRYPTO_H

#include <openssl/evp.h>

#endif
