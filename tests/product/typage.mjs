// Opens an age file with typage (npm age-encryption), an implementation that is not ours.
// Runs in mailbox/web, where it is installed: node typage.mjs KEY_FILE SEALED OPENED
import { readFile, writeFile } from 'node:fs/promises'
import { Decrypter } from 'age-encryption'

const [keyFile, sealed, opened] = process.argv.slice(-3)
const decrypter = new Decrypter()
decrypter.addIdentity((await readFile(keyFile, 'utf8')).trim())
await writeFile(opened, await decrypter.decrypt(await readFile(sealed)))
