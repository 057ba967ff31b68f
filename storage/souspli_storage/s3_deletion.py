"""Deleting from a bucket so that nothing is left, and looking whether it is so.

A bucket may keep versions, marks of deletions and parts of uploads that never ended.
All of them are deleted, and listed again: what a store forgot to delete, or holds
under a lock, is an error and not a hope.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator

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
        self._upload = names.upload(key)
        self._promises = names.promises(key)
        self._failures: list[Exception] = []

    def delete_all(self) -> None:
        """Destroy object, uploads and all that was noted about them, and make sure.

        The object first, so that it is read no more; last what shows the key to
        `BlobStore.incomplete`. A crash in between leaves a key that a sweep finds.
        """
        self._delete(self._document)
        if self._failures:
            # Held by a lock, or not ours to delete for good: then at least out of sight.
            with self._collecting():
                self._bucket.delete(self._document)
        self._abort_uploads()
        self._delete(self._promises)
        self._delete(self._upload)
        if not self._failures:
            self._delete(self._list)
        self._look(self._document, self._list, self._promises, self._upload)

    def forget_upload(self) -> None:
        """Destroy the upload and what was noted about it, and make sure."""
        self._abort_uploads()
        self._delete(self._promises)
        self._delete(self._list)
        self._delete(self._upload)
        self._look(self._list, self._promises, self._upload)

    def forget_notes(self) -> None:
        """Delete what was noted about an upload that is an object by now."""
        self._delete(self._promises)
        self._delete(self._upload)
        self._raise()

    def forget_list(self) -> None:
        """Delete a list of parts that did not become an object."""
        self._delete(self._list)
        self._raise()

    def _delete(self, name: str) -> None:
        with self._collecting():
            self._failures += self._bucket.delete_versions(self._versions(name))

    def _abort_uploads(self) -> None:
        with self._collecting():
            for upload in self._uploads():
                with self._collecting():
                    self._bucket.abort_upload(upload.name, upload.upload_id)

    def _look(self, *names: str) -> None:
        with self._collecting():
            left = sum(len(self._versions(name)) for name in names)
            uploads = len(self._uploads())
            if left or uploads:
                raise StorageError(f"the store still lists {left} versions, {uploads} uploads")
        self._raise()

    def _versions(self, name: str) -> list[Version]:
        # Promises lie behind a prefix. Any other name may be the beginning of a longer
        # one, as the object's is of its list's.
        found = self._bucket.versions(name)
        return [one for one in found if name in {self._promises, one.name}]

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
