# Made for tests of what is deployed; nothing builds it.
FROM scratch
