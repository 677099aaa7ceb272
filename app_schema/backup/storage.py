"""What S3-compatible storage answers, in a line with its cure: its own words name neither our settings nor the permissions we need."""

from __future__ import annotations

SEAL = "app-schema-seal"  # of the metadata of an object
KEYS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
NO_KEYS = f"there are no keys for the storage: set {KEYS}, where this command runs"
WRONG_KEYS = f"the storage does not take these keys: check {KEYS}, and whether they have expired"
NO_RIGHT = "these keys may not do it: on bucket {bucket} they need s3:ListBucket, s3:GetObject, s3:PutObject and s3:GetBucketVersioning"
NO_BUCKET = "there is no bucket {bucket} there: check APP_SCHEMA_BACKUP_S3_URL, or make the bucket"
ANOTHER_REGION = "bucket {bucket} is in another region: set AWS_DEFAULT_REGION to it"
NO_ANSWER = "the storage does not answer: check the network, and APP_SCHEMA_BACKUP_S3_ENDPOINT or AWS_DEFAULT_REGION"
NO_TRUST = "the storage's certificate is not trusted: set AWS_CA_BUNDLE to the file of the authority that signed it"
ANOTHER_TIME = "the clock of this machine is wrong: set it"
BUSY = "the storage is busy or broken: try again later"
UNABLE = "the storage cannot keep a SHA-256 or encrypt by itself, which is asked of it: choose one that can"
ARCHIVED = "it lies in an archive of the storage: bring it out of there first (aws s3api restore-object)"
# by the code of an answer, or by the class of an error of boto's where there was none
LINES = {
    **dict.fromkeys(("NoCredentialsError", "PartialCredentialsError", "ProfileNotFound", "CredentialRetrievalError"), NO_KEYS),
    **dict.fromkeys(("InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "TokenRefreshRequired"), WRONG_KEYS),
    **dict.fromkeys(("AccessDenied", "AllAccessDisabled", "403"), NO_RIGHT),
    **dict.fromkeys(("NoSuchBucket", "404", "InvalidBucketName", "ParamValidationError"), NO_BUCKET),
    **dict.fromkeys(("PermanentRedirect", "AuthorizationHeaderMalformed", "301", "NoRegionError"), ANOTHER_REGION),
    **dict.fromkeys(("EndpointConnectionError", "ConnectTimeoutError", "ReadTimeoutError", "ConnectionClosedError"), NO_ANSWER),
    "SSLError": NO_TRUST,
    "RequestTimeTooSkewed": ANOTHER_TIME,
    **dict.fromkeys(("SlowDown", "ServiceUnavailable", "503", "InternalError", "500"), BUSY),
    "NotImplemented": UNABLE,
    "InvalidObjectState": ARCHIVED,
}


def explained(error: Exception, bucket: str) -> str:
    """Return what an error of boto3's means, and its cure; what is not known here stays in the storage's words."""
    from botocore.exceptions import ClientError  # noqa: PLC0415 (an optional extra, and slow to load)

    cause = error
    while not isinstance(cause, ClientError) and isinstance(cause.__context__, Exception):  # boto3 tells of some in words of its own
        cause = cause.__context__
    cause = cause if isinstance(cause, ClientError) else error
    code = str(cause.response.get("Error", {}).get("Code")) if isinstance(cause, ClientError) else type(cause).__name__
    said = str(cause).partition("\n")[0]
    return f"{LINES[code].format(bucket=bucket)} ({code})" if code in LINES else said
