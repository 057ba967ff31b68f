/** Words for who sent a document: a person, a practice, or a laboratory's bridge. */
import type { Say } from '../texts/texts.ts'
import type { DocumentCover } from './core.ts'

/**
 * Return who it is from. Of a bridge not its name but what it is: the certified role says
 * that a program sealed the document, and no person.
 */
export function saySender(
  say: Say,
  { name, organisation, bridge }: DocumentCover['sender'],
): string {
  if (bridge) return say('sender.bridge', { organisation })
  return name === organisation ? name : say('sender.member', { name, organisation })
}
