/** The page: which screen is shown, who is signed in, and what happens in between. */
import { useCallback, useEffect, useMemo, useState } from 'preact/hooks'
import { type ClaimDraft, EMPTY_DRAFT, proved } from './claim_draft.ts'
import type { ClosedAccount, Core, Session } from './core.ts'
import type { Scanned } from './fragment.ts'
import { Frame } from './frame.tsx'
import { useInbox } from './inbox_state.ts'
import type { Screen } from './route.ts'
import { useScreen } from './screen_history.ts'
import { Account } from './screens/account.tsx'
import { Closed } from './screens/closed.tsx'
import { Closing } from './screens/closing.tsx'
import { Document } from './screens/document.tsx'
import { Done } from './screens/done.tsx'
import { Gates } from './screens/gates.tsx'
import { Inbox } from './screens/inbox.tsx'
import { Letter } from './screens/letter.tsx'
import { Password } from './screens/password.tsx'
import { SignIn, type SignInReason } from './screens/sign_in.tsx'
import { TermsNotice } from './screens/terms_text.tsx'
import { Welcome } from './screens/welcome.tsx'
import { useTakeOver } from './take_over.ts'
import { useTermsState } from './terms_state.ts'
import type { Trouble } from './trouble.ts'

/** Where to go back to after signing in again: only ever the same account's screen. */
interface Return {
  readonly accountNumber: string
  readonly screen: Screen
}

export function App({ core, scanned }: { core: Core; scanned: Scanned | 'damaged' | null }) {
  const [session, setSession] = useState<Session | null>(null)
  const [draft, setDraft] = useState<ClaimDraft>({ ...EMPTY_DRAFT, scanned })
  const [reason, setReason] = useState<SignInReason | null>(null)
  const [closed, setClosed] = useState<ClosedAccount | null>(null)
  const [comeBack, setComeBack] = useState<Return | null>(null)
  const progress = {
    signedIn: session !== null,
    proved: draft.claim !== null,
    passed: draft.passedBirthDate !== null,
    closed: closed !== null,
  }
  const { screen, go, reloadedFrom } = useScreen({
    first: { name: scanned === null ? 'welcome' : 'letter' },
    scanned: scanned !== null,
    progress,
  })
  const update = useCallback(
    (changes: Partial<ClaimDraft>) => setDraft((now) => ({ ...now, ...changes })),
    [],
  )

  // Any screen's request may find that the session has ended.
  const intercept = useCallback(
    (trouble: Trouble) => {
      if (trouble.kind !== 'session-ended' || session === null) return false
      setComeBack({ accountNumber: session.accountNumber, screen })
      setSession(null)
      setReason('expired')
      go({ name: 'signIn' }, 'replace')
      return true
    },
    [session, screen, go],
  )
  const takeOver = useTakeOver(session, intercept)
  const [terms, setTerms] = useTermsState(session)
  const inbox = useInbox(session, intercept)

  useEffect(() => {
    // What was just re-sealed is read with the new cover.
    if (session !== null && takeOver.state === 'over') inbox.refresh()
  }, [session, takeOver.state, inbox.refresh])

  function signedIn(opened: Session): void {
    const back = comeBack?.accountNumber === opened.accountNumber ? comeBack.screen : null
    setSession(opened)
    setReason(null)
    setComeBack(null)
    go(back ?? { name: 'inbox' }, 'replace')
  }

  function bound(opened: Session): void {
    setSession(opened)
    setDraft(EMPTY_DRAFT)
    go({ name: 'done' }, 'replace')
  }

  function leave(): void {
    // The keys go now; the service is told, and if it is away its session ends by itself.
    session?.signOut().catch(() => undefined)
    setSession(null)
    setDraft(EMPTY_DRAFT)
    setComeBack(null)
    setReason(session === null ? null : 'signedOut')
    go({ name: session === null ? 'welcome' : 'signIn' }, 'replace')
  }

  const traits = useMemo(
    () => ({
      surname: draft.surname,
      birthDate: draft.passedBirthDate ?? '',
      // The service shows the address masked only.
      emailLocalPart: null,
    }),
    [draft.surname, draft.passedBirthDate],
  )
  const claimSessionEnded = useCallback(() => {
    const { claim } = draft
    if (claim === null) return
    claim.letter.prove().then(
      (renewed) => {
        update({ ...proved(renewed), sessionEnded: true })
        go({ name: 'gates' }, 'replace')
      },
      () => go({ name: 'letter' }, 'replace'),
    )
  }, [draft, update, go])

  const shown = (() => {
    switch (screen.name) {
      case 'welcome':
        return (
          <Welcome
            onLetter={() => go({ name: 'letter' })}
            onAccount={() => go({ name: 'signIn' })}
          />
        )
      case 'letter':
        return (
          <Letter
            core={core}
            draft={draft}
            update={update}
            reloaded={reloadedFrom === 'claim'}
            onProved={(claim) => {
              update({ ...proved(claim), sessionEnded: false })
              go({ name: 'gates' })
            }}
            onSignIn={() => go({ name: 'signIn' })}
          />
        )
      case 'gates':
        return draft.claim === null ? null : (
          <Gates
            claim={draft.claim}
            draft={draft}
            update={update}
            onPassed={() => go({ name: 'password' })}
            onSignIn={() => go({ name: 'signIn' })}
          />
        )
      case 'password':
        return draft.claim === null ? null : (
          <Password
            core={core}
            claim={draft.claim}
            traits={traits}
            onSessionEnded={claimSessionEnded}
            onBound={bound}
            onSignIn={() => go({ name: 'signIn' })}
          />
        )
      case 'signIn':
        return (
          <SignIn
            core={core}
            reason={reason ?? (reloadedFrom === 'session' ? 'reloaded' : null)}
            known={comeBack?.accountNumber ?? ''}
            onSession={signedIn}
            onLetter={() => go({ name: 'letter' })}
          />
        )
      case 'done':
        return session === null ? null : (
          <Done
            session={session}
            takeOver={takeOver}
            documents={inbox.entries?.length ?? null}
            onOpen={() => {
              const only = inbox.entries?.length === 1 ? inbox.entries[0] : undefined
              go({ name: 'inbox' }, 'replace')
              if (only !== undefined && 'cover' in only) {
                go({ name: 'document', deliveryId: only.deliveryId })
              }
            }}
          />
        )
      case 'inbox':
        return session === null ? null : (
          <Inbox
            inbox={inbox}
            accountNumber={session.accountNumber}
            notice={terms === null ? null : <TermsNotice state={terms} />}
            onAccount={() => go({ name: 'account' })}
            onOpen={(deliveryId) => go({ name: 'document', deliveryId })}
          />
        )
      case 'account':
        return session === null ? null : (
          <Account
            session={session}
            intercept={intercept}
            onTerms={setTerms}
            onClosing={() => go({ name: 'closing' })}
            onBack={() => go({ name: 'inbox' }, 'replace')}
          />
        )
      case 'closing':
        return session === null ? null : (
          <Closing
            session={session}
            intercept={intercept}
            onClosed={(done) => {
              setClosed(done)
              setSession(null)
              go({ name: 'closed' }, 'replace')
            }}
            onBack={() => go({ name: 'account' }, 'replace')}
          />
        )
      case 'closed':
        return closed === null ? null : <Closed closed={closed} />
      case 'document':
        return session === null ? null : (
          <Document
            key={screen.deliveryId}
            session={session}
            deliveryId={screen.deliveryId}
            intercept={intercept}
            onRead={inbox.markRead}
            onOpen={(other) => go({ name: 'document', deliveryId: other })}
            onBack={() => go({ name: 'inbox' }, 'replace')}
          />
        )
    }
  })()

  const leaving = session !== null || draft.letter !== null
  return (
    <Frame
      onSignOut={leaving ? leave : undefined}
      leaving={session === null ? 'frame.signOutClaim' : 'frame.signOut'}
    >
      {shown}
    </Frame>
  )
}
