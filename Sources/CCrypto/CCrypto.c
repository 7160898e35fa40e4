#include "CCrypto.h"

// A declaration that differs from OpenSSL's is an error here.
#include <openssl/evp.h>
