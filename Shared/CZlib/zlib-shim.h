// The system's zlib, with constant input pointers.
#define ZLIB_CONST
#include <zlib.h>
