// Opens an age file with typage (npm age-encryption), an implementation that is not ours.
// Runs in mailbox/web, where it is installed: node typage.mjs KEY_FILE SEALED OPENED
import { readFile, writeFile } from 'node:fs/promises'
import { Decrypter } from 'age-encryption'

const [keyFile, sealed, opened] = process.argv.slice(-3)
const decrypter = new Decrypter()
// As age reads a key file: a key on each line, but for comments and empty lines.
for (const line of (await readFile(keyFile, 'utf8')).split('\n')) {
  if (line.trim() !== '' && !line.startsWith('#')) decrypter.addIdentity(line.trim())
}
await writeFile(opened, await decrypter.decrypt(await readFile(sealed)))
