/** A plaintext copy of one verified file, on its way to the person's downloads. */
import { writeAll } from './kept_file.ts'
import { deleteFile, openFile, readFile, storing } from './private_files.ts'

/**
 * Write a copy called `name` and return it, on the disk.
 *
 * `fill` gets what takes the bytes, in order. If it raises, or there is no room, nothing
 * of the copy stays.
 */
export async function writeCopy(
  name: string,
  fill: (write: (data: Uint8Array) => void) => Promise<void>,
): Promise<File> {
  const handle = await openFile('copies', name)
  let length = 0
  try {
    await storing(() =>
      fill((data) => {
        writeAll(handle, data, length)
        length += data.length
      }),
    )
  } catch (failure) {
    handle.close()
    await deleteFile('copies', name)
    throw failure
  }
  handle.close()
  return readFile('copies', name)
}
