/** The list of documents as far as it was fetched; kept while a document is read. */
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { DocumentEntry, Relations, Session } from './core.ts'
import { asTrouble, type Trouble } from './trouble.ts'

export interface Inbox {
  /** Null until the first page came. */
  readonly entries: readonly DocumentEntry[] | null
  /** Whether older documents have not been fetched yet. */
  readonly more: boolean
  readonly busy: boolean
  readonly trouble: Trouble | null
  readonly search: string
  readonly setSearch: (search: string) => void
  readonly refresh: () => void
  readonly fetchMore: () => void
  readonly markRead: (deliveryId: string) => void
  /** Which of the documents fetched so far correct which. */
  readonly relationsOf: (deliveryId: string) => Relations
}

interface Fetched {
  readonly entries: readonly DocumentEntry[] | null
  readonly next: string | null
}

const UNRELATED: Relations = { replaces: null, correctedBy: null }
const NOTHING: Fetched = { entries: null, next: null }

/** Return the inbox of a session. A search fetches whatever is still missing: titles are sealed, so only the browser can look. */
export function useInbox(session: Session | null, intercept: (trouble: Trouble) => boolean): Inbox {
  const [fetched, setFetched] = useState(NOTHING)
  const [busy, setBusy] = useState(false)
  const [trouble, setTrouble] = useState<Trouble | null>(null)
  const [search, setSearch] = useState('')
  // Which request the answer belongs to: a sign-out or a refresh makes older ones stale.
  const turn = useRef(0)

  const fetchPage = useCallback(
    (after: string | null, soFar: readonly DocumentEntry[]) => {
      if (session === null) return
      turn.current += 1
      const mine = turn.current
      setBusy(true)
      setTrouble(null)
      session
        .listDocuments(after)
        .then((page) => {
          if (mine !== turn.current) return
          setFetched({ entries: [...soFar, ...page.entries], next: page.next })
          setBusy(false)
        })
        .catch((failure: unknown) => {
          if (mine !== turn.current) return
          const met = asTrouble(failure)
          setBusy(false)
          if (!intercept(met)) setTrouble(met)
        })
    },
    [session, intercept],
  )
  const refresh = useCallback(() => fetchPage(null, []), [fetchPage])
  const fetchMore = useCallback(() => {
    if (fetched.next !== null) fetchPage(fetched.next, fetched.entries ?? [])
  }, [fetchPage, fetched])

  useEffect(() => {
    turn.current += 1
    setFetched(NOTHING)
    setTrouble(null)
    setSearch('')
    setBusy(false)
  }, [session])

  const searching = search.trim() !== ''
  useEffect(() => {
    if (searching && !busy && trouble === null) fetchMore()
  }, [searching, busy, trouble, fetchMore])

  const markRead = useCallback((deliveryId: string) => {
    setFetched((now) => ({
      ...now,
      entries:
        now.entries?.map((entry) =>
          entry.deliveryId === deliveryId ? { ...entry, unread: false } : entry,
        ) ?? null,
    }))
  }, [])

  return useMemo(
    () => ({
      entries: fetched.entries,
      more: fetched.next !== null,
      busy,
      trouble,
      search,
      setSearch,
      refresh,
      fetchMore,
      markRead,
      relationsOf: (deliveryId) => session?.relationsOf(deliveryId) ?? UNRELATED,
    }),
    [session, fetched, busy, trouble, search, refresh, fetchMore, markRead],
  )
}

/** Return the entries whose title has all the words, case and accents aside. */
export function searchTitles(
  entries: readonly DocumentEntry[],
  search: string,
): readonly DocumentEntry[] {
  const words = fold(search)
    .split(/\s+/)
    .filter((word) => word !== '')
  if (words.length === 0) return entries
  return entries.filter((entry) => {
    if (!('cover' in entry)) return false
    const title = fold(entry.cover.title)
    return words.every((word) => title.includes(word))
  })
}

function fold(text: string): string {
  return text.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase()
}
