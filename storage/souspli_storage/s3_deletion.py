"""Deleting from a bucket so that nothing is left, and looking whether it is so.

A bucket may keep versions, marks of deletions and parts of uploads that never ended.
All of them are deleted, and listed again: what a store forgot to delete, or holds
under a lock, is an error and not a hope.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Sequence

from souspli_storage.errors import NotDeletedError, StorageError
from souspli_storage.s3_bucket import Bucket, OpenUpload, Version
from souspli_storage.s3_names import Names


class Deletion:
    """All that is kept under one key, on its way out. Each method raises NotDeletedError."""

    def __init__(self, bucket: Bucket, names: Names, key: str) -> None:
        """Prepare; nothing is asked yet."""
        self._bucket = bucket
        self._document = names.document(key)
        self._list = names.part_list(key)
        self._notes = names.upload(key)
        self._failures: list[Exception] = []

    def delete_all(self) -> None:
        """Destroy object, uploads and all that was noted about them, and make sure.

        The object first, so that it is read no more; last what shows the key to
        `BlobStore.incomplete`. A crash in between leaves a key that a sweep finds.
        """
        versions = self._versions(self._document)
        self._delete([one for one in versions if one.name != self._list])
        if self._failures:
            # Held by a lock, or not ours to delete for good: then at least out of sight.
            with self._collecting():
                self._bucket.delete(self._document)
        self._abort_uploads()
        self._delete(self._versions(self._notes))
        if not self._failures:
            self._delete([one for one in versions if one.name == self._list])
        self._look()

    def forget_upload(self) -> None:
        """Destroy the upload and what was noted about it, and make sure. There is no object."""
        self._abort_uploads()
        self._delete(self._versions(self._list))
        self._delete(self._versions(self._notes))
        self._look()

    def forget_notes(self) -> None:
        """Delete what was noted about an upload that is an object by now."""
        self._delete(self._versions(self._notes))
        self._raise()

    def _versions(self, prefix: str) -> tuple[Version, ...]:
        # A key has one length: no other's names begin with this one's.
        with self._collecting():
            return self._bucket.versions(prefix)
        return ()

    def _delete(self, versions: Sequence[Version]) -> None:
        with self._collecting():
            self._failures += self._bucket.delete_versions(versions)

    def _abort_uploads(self) -> None:
        with self._collecting():
            for upload in self._uploads():
                with self._collecting():
                    self._bucket.abort_upload(upload.name, upload.upload_id)

    def _look(self) -> None:
        with self._collecting():
            left = sum(len(self._bucket.versions(name)) for name in (self._document, self._notes))
            uploads = len(self._uploads())
            if left or uploads:
                raise StorageError(f"the store still lists {left} versions, {uploads} uploads")
            # A listing may lag behind, or leave things out.
            if self._bucket.head(self._document) is not None:
                raise StorageError("the store still has the object, and does not list it")
        self._raise()

    def _uploads(self) -> list[OpenUpload]:
        return [one for one in self._bucket.uploads(self._document) if one.name == self._document]

    @contextlib.contextmanager
    def _collecting(self) -> Generator[None]:
        """Keep a failure and go on: whatever can be deleted is."""
        try:
            yield
        except StorageError as failed:
            self._failures.append(failed)

    def _raise(self) -> None:
        if self._failures:
            raise NotDeletedError(failures=self._failures)
