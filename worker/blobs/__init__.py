"""Where blobs are kept: a directory of this machine, or a bucket that speaks S3.

Both keep `<channel>/<first two digits>/<digest>`, and both pass one contract suite.
"""
