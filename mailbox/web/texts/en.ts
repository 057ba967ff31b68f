/** Every word that the page says, in English. The French file decides which texts there are. */
import type { Texts } from './texts.ts'

export const en: Texts = {
  // The frame around every screen
  'frame.skip': 'Skip to the content',
  'frame.tagline': 'Your medical documents, under sealed cover',
  'frame.otherLanguage': 'Français',
  'frame.signOut': 'Sign out',
  'frame.signOutClaim': 'Leave',
  'frame.warning':
    'Nobody will ever ask you for your code or your password: not by phone, not by text message, not by e-mail.',
  'frame.step': 'Step {step} of 3',
  'frame.problem': 'There is a problem',
  'frame.problems': 'To correct',
  'frame.retry': 'Try again',
  'frame.continue': 'Continue',
  'frame.show': 'Show the password',

  // Before anything: can this page work here?
  'refused.title': 'This page can’t open here',
  'refused.host':
    'It is not at its usual address ({host}). Type neither code nor password. Close it, and type the address printed on your letter yourself.',
  'refused.insecure':
    'The connection is not protected. Type neither code nor password. The address must begin with https://.',
  'refused.browser':
    'Your browser is too old to decrypt your documents. Update it, or try with another device.',
  'refused.framed':
    'It is shown inside another site. Type neither code nor password. Close it, and type the address printed on your letter yourself.',

  // Welcome
  'welcome.title': 'Your medical documents',
  'welcome.lead':
    'Your practice sends them under sealed cover. Nobody but you can open them: they are decrypted here, in your browser.',
  'welcome.letterTitle': 'This is my first visit',
  'welcome.letterText': 'Your practice gave or sent you a paper letter, with a number and a code.',
  'welcome.letter': 'I have a letter',
  'welcome.accountTitle': 'I have an account',
  'welcome.accountText': 'You need your e-mail address or account number, and your password.',
  'welcome.account': 'Sign in',

  // Step 1: the letter
  'letter.title': 'Your letter',
  'letter.lead':
    'Take the letter from your practice. Copy its number and its code. You can also point a phone’s camera at its black and white square.',
  'letter.number': 'Letter number',
  'letter.numberHint': '10 digits, for example: 123 456 789 7',
  'letter.code': 'Code',
  'letter.codeHint':
    '20 letters and digits, in four groups of five. Hyphens and capitals are put in for you.',
  'letter.numberMissing': 'Type the number of the letter: 10 digits.',
  'letter.numberShort': 'The number has 10 digits; you typed {count}.',
  'letter.numberSymbol': 'The number has digits only: “{symbol}” is not one.',
  'letter.numberTypo':
    'There is a typing error in the number. Compare it with your letter, digit by digit.',
  'letter.codeMissing': 'Type the code of the letter: 20 letters and digits.',
  'letter.codeShort': 'The code has 20 letters and digits; you typed {count}.',
  'letter.codeSymbol': 'The code never holds “{symbol}”. Look closer: is it a V, a 0, a 1?',
  'letter.codeTypo':
    'There is a typing error in the code. Compare it with your letter, group by group.',
  'letter.scannedTypo':
    'The code read from the picture is incomplete or damaged. Type the number and the code printed on the letter.',
  'letter.codeStays': 'For now the code stays in this page: it is sent to nobody.',
  'letter.checking': 'Checking your letter… This takes a few seconds.',
  'letter.unknown':
    'No waiting letter has this number. Check it; if it is right, call your practice.',
  'letter.mismatch':
    'This code does not belong to this letter. Check that number and code come from the same sheet. If all is right, stop here and call your practice, on the number you know. Your code was sent to nobody.',
  'letter.forged':
    'What the service says about this letter is not signed as it should be. To be safe, everything stops here. Your code was sent to nobody. Call your practice, on the number you know.',
  'letter.expired':
    'This letter is no longer valid. Call your practice: they will make you a new one. Your documents are not lost.',
  'letter.expiredSince':
    'This letter has not been valid since {date}. Call {organisation} ({phone}) for a new one. Your documents are not lost.',
  'letter.early': 'This letter is not valid yet. Are the date and time of your device right?',
  'letter.superseded':
    'A newer letter replaces this one. Take the newest; if you don’t have it, call your practice.',
  'letter.used':
    'This letter has already been used to open an account. If that was you, sign in. If not, call your practice at once.',
  'letter.usedElsewhere':
    'This letter has just been used elsewhere, in another window or by another person. If that was you, sign in. If not, call {organisation} ({phone}) at once.',
  'letter.phone': 'Phone',
  'letter.validUntil': 'Valid until',
  'letter.confirm':
    'If this is your practice, continue: a one-time code will be sent to your e-mail address.',
  'letter.notMine': 'This is not my practice',
  'letter.notMineText':
    'Go no further. Call your practice, on the number you know, and show them this letter.',
  'letter.reloaded':
    'The page was reloaded. For your safety it kept neither your code nor your answers: take your letter again.',

  // Step 2: e-mail code, name, birth date
  'gates.title': 'Is it really you?',
  'gates.lead': 'These answers protect your documents if your letter falls into other hands.',
  'gates.sending': 'Sending a code to your e-mail address…',
  'gates.sent': 'We have just sent a 6-digit code to',
  'gates.notYours': 'Not your address? Go no further and call {organisation} ({phone}).',
  'gates.code': 'Code received by e-mail',
  'gates.codeHint': '6 digits, valid for 10 minutes. Look in your junk mail too.',
  'gates.codeAccepted': 'The code received by e-mail is accepted.',
  'gates.sendAgain': 'Send a new code',
  'gates.sentAgain': 'A new code is on its way. The previous one no longer works.',
  'gates.mailsLeft': '{count} more can be sent today.',
  'gates.surname': 'Surname',
  'gates.surnameHint': 'Your birth name or the name you use, as at the practice.',
  'gates.birthDate': 'Date of birth',
  'gates.birthDateHint': 'For example: 27 3 1946. If you don’t know the day or month, type 00.',
  'gates.day': 'Day',
  'gates.month': 'Month',
  'gates.year': 'Year',
  'gates.checking': 'Checking your answers…',
  'gates.codeMissing': 'Type the 6-digit code received by e-mail.',
  'gates.codeLength': 'The code received by e-mail has 6 digits.',
  'gates.surnameMissing': 'Type your surname.',
  'gates.surnameLetters': 'Type your name with letters of the Latin alphabet.',
  'gates.dateMissing': 'Type your date of birth: day, month and year.',
  'gates.dateImpossible': 'There is no such date. Check the day, the month and the year.',
  'gates.yearShort': 'Type the year with its four digits, for example 1946.',
  'gates.codeWrong':
    'This is not the right code. Take the one in the newest e-mail. Tries left: {count}.',
  'gates.codeUsedUp': 'After so many tries this code no longer works. Ask for a new one.',
  'gates.codeExpired': 'This code no longer works: its 10 minutes are over. Ask for a new one.',
  'gates.personWrong':
    'Name and date are not what your practice wrote down. Try your birth name, or the name you use. Tries left today: {count}.',
  'gates.personUsedUp':
    'Name and date don’t match, and there is no try left today. Try again tomorrow, or call {organisation} ({phone}).',
  'gates.mailsUsedUp':
    'No more mails can be sent today. Try again tomorrow, or call {organisation} ({phone}).',
  'gates.sessionEnded':
    'Too much time has passed. We have just sent a new code to your e-mail address; your other answers are kept.',

  // Step 3: the password
  'password.title': 'Your password',
  'password.lead':
    'It opens your documents. We don’t know it, and nobody can find it again for you: write it down on paper.',
  'password.choice': 'How do you want to do it?',
  'password.usePhrase': 'Take these eight words (recommended)',
  'password.useOwn': 'Choose one myself',
  'password.phrase': 'Your eight words',
  'password.phraseHint': 'In lower case, in this order, with a space between the words.',
  'password.another': 'Other words',
  'password.anotherDone': 'Here are eight other words.',
  'password.print': 'Print these words',
  'password.noted': 'I have written these eight words down on paper',
  'password.notedMissing': 'First write the eight words down on paper, then tick the box.',
  'password.own': 'Password',
  'password.ownHint':
    'At least 18 lower-case letters in no obvious order, or 13 characters mixing lower case, capitals, digits and other signs. Neither your name nor your date of birth.',
  'password.again': 'Once more',
  'password.strength': 'Length and variety: {bits} of 80',
  'password.strengthEnough': 'Long enough',
  'password.missing': 'Type a password, or take the eight words.',
  'password.tooShort':
    'This password is too short. Add at least {count} characters, or mix in capitals, digits and other signs.',
  'password.tooShortOne':
    'This password is too short. Add at least one character, or mix in capitals, digits and other signs.',
  'password.tooLong': 'This password is too long: 128 characters at most.',
  'password.hasName': 'This password contains your name. Choose something else.',
  'password.hasBirthDate': 'This password contains your date of birth. Choose something else.',
  'password.hasEmail': 'This password contains your e-mail address. Choose something else.',
  'password.guessable':
    'This password is too easy to guess: common words, sequences or repetitions. Add words that have nothing to do with each other.',
  'password.againMissing': 'Type the password a second time, or show it.',
  'password.differs': 'The two passwords are not the same. Type the second again, or show them.',
  'password.boundBefore':
    'Your mailbox had already been opened by the try before, with the password chosen then. Sign in with that first password and your e-mail address.',
  'password.opening': 'Opening your mailbox… This takes a few seconds.',

  // The account exists
  'done.title': 'Your mailbox is open',
  'done.number': 'Your account number',
  'done.keep':
    'Write it down or print this page. With your password, this number lets you come back. Your e-mail address works too.',
  'done.print': 'Print this page',
  'done.page': 'The address of this page',
  'done.thenTitle': 'To remember',
  'done.password': 'Your password is not on this page. Keep it on another sheet, in a safe place.',
  'done.destroy': 'You can destroy your practice’s letter: its code is of no more use.',
  'done.forgotten': 'Password lost? Your practice can make you a new letter.',
  'done.moving': 'Preparing your documents: {done} of {total}…',
  'done.movingStarts': 'Preparing your documents…',
  'done.notMoved':
    'Some documents could not be prepared. This will be tried again when you next sign in.',
  'done.open': 'Read my document',
  'done.openSeveral': 'Read my {count} documents',
  'done.openNone': 'Go to my documents',

  // Signing in
  'signIn.title': 'Sign in',
  'signIn.account': 'E-mail address or account number',
  'signIn.accountHint': 'The account number has 10 digits.',
  'signIn.password': 'Password',
  'signIn.passwordHint':
    'If it is eight words: in lower case, in order, a space between the words.',
  'signIn.submit': 'Sign in',
  'signIn.opening': 'Opening your mailbox… This takes a few seconds.',
  'signIn.accountMissing': 'Type your e-mail address or your account number.',
  'signIn.accountTypo':
    'This is neither an e-mail address nor a 10-digit account number: check your typing.',
  'signIn.passwordMissing': 'Type your password.',
  'signIn.refused':
    'This account and this password don’t go together. Check both. If several people share this e-mail address, type your account number.',
  'signIn.notPatient':
    'This account is a professional’s. It is used with the practice’s program, not with this page.',
  'signIn.vaultRefused':
    'Your keys, as the service gives them back, were changed or damaged. They were not used. Tell your practice.',
  'signIn.expired':
    'Your session has ended. Sign in again: nothing is lost, you will be back where you were.',
  'signIn.reloaded':
    'The page was reloaded. Your keys were in its memory only: type your password again.',
  'signIn.signedOut': 'The session is closed. Your keys are gone from this device.',
  'signIn.noAccount': 'No account yet? Use your practice’s letter',

  // The list
  'inbox.title': 'My documents',
  'inbox.number': 'Account no. {number}',
  'inbox.loading': 'Opening the list…',
  'inbox.empty': 'No document yet. An e-mail will tell you when one arrives.',
  'inbox.search': 'Search the titles',
  'inbox.searching': 'Searching all your documents…',
  'inbox.found': '{count} found.',
  'inbox.foundOne': '1 found.',
  'inbox.foundNone': 'No title contains “{words}”.',
  'inbox.clear': 'Clear the search',
  'inbox.unread': 'New',
  'inbox.urgent': 'Urgent',
  'inbox.soon': 'To be read soon',
  'inbox.from': 'From {sender}',
  'inbox.received': 'Received on {date}',
  'inbox.more': 'Show older documents',
  'inbox.refresh': 'Refresh the list',
  'inbox.refreshed': 'The list is up to date.',
  'inbox.unreadable': 'Unreadable document',
  'inbox.withdrawn': 'Withdrawn document',
  'inbox.markWithdrawn': 'Withdrawn',
  'inbox.markCorrected': 'Corrected since',

  // How practices write, and the terms
  'inbox.account': 'My account: paper or electronic, terms',
  'account.title': 'My account',
  'account.practices': 'How your practices write to you',
  'account.lead':
    'You choose for each practice, without giving a reason, and you may change your mind. Documents that you have received stay here.',
  'account.working': 'One moment…',
  'account.unsaid': 'Electronically, here.',
  'account.electronicByYou': 'Electronically, here: you chose it on {date}.',
  'account.electronicByPractice': 'Electronically, here, since {date}.',
  'account.paperByYou': 'On paper: you chose it on {date}.',
  'account.paperByPractice': 'On paper: the practice noted it on {date}.',
  'account.notedOral': 'The practice noted that you agreed, in person, on {date}.',
  'account.notedWritten': 'The practice noted that you agreed, in writing, on {date}.',
  'account.notedOnline': 'The practice noted that you agreed, online, on {date}.',
  'account.notedPaperOral':
    'The practice noted on {date} that you ask for paper: you said so in person.',
  'account.notedPaperWritten': 'The practice noted on {date} that you ask for paper: you wrote so.',
  'account.notedPaperOnline':
    'The practice noted on {date} that you ask for paper: you said so online.',
  'account.toPaper': 'Back to paper for this practice',
  'account.toElectronic': 'Receive my documents here again',
  'account.paperMeans':
    'This practice can no longer send you documents here. It gives them to you on paper. To reach it: {phone}.',
  'account.electronicMeans':
    'If you go back to paper, this practice will no longer be able to send you documents here.',
  'account.nowPaper': 'Noted: this practice will write to you on paper.',
  'account.nowElectronic': 'Noted: this practice will write to you here again.',
  'account.wordRefused':
    'What the service shows was signed neither by you nor by your practice. Nothing was changed. Tell your practice.',
  'account.wordOvertaken':
    'Something else was noted meanwhile. Nothing was changed. Look at what holds now, then choose.',
  'terms.title': 'Terms of use',
  'terms.region': 'Text of the terms, version {version}',
  'terms.agree': 'I have read these terms and I accept them',
  'terms.missing': 'Read the terms, then tick the box to accept them.',
  'terms.refusing':
    'You may refuse: close this page. Nothing is created. Tell your practice that you prefer paper.',
  'terms.refusingLater':
    'If you refuse: download your documents first, then close your account, below. Nothing is deleted without you.',
  'terms.toExport': 'Download all my documents',
  'terms.accept': 'Accept these terms',
  'terms.accepted': 'You have accepted the terms.',
  'terms.acceptedOn': 'You accepted version {version} on {date}.',
  'terms.due': 'The terms of use have changed. Read them in “My account”, then accept or refuse.',
  'terms.announced':
    'The terms of use change on {date}. You can read the new text in “My account”.',
  'terms.changed':
    'The terms changed while you were reading them. Nothing was created. Read the new text, then accept it.',

  // All documents in one archive
  'export.title': 'Download all my documents',
  'export.lead':
    'All your documents in one file, a “.tar” archive that Windows 11, macOS and Linux open with nothing to install. Your practices don’t learn from it that you read them, and nothing is deleted here.',
  'export.plain':
    'This file is no longer encrypted: whoever has it can read everything. Don’t download it on a shared computer.',
  'export.begin': 'Download all my documents',
  'export.listing': 'Reading the list of your documents…',
  'export.working': 'Preparing the archive: {percent}%',
  'export.progress': 'Preparing the archive',
  'export.amount': 'Document {document} of {documents} – {done} of {total}',
  'export.stay': 'Stay on this page until the end: if you leave it, it has to begin again.',
  'export.stop': 'Stop',
  'export.stopped': 'The archive was not made. Nothing of it is left on this device.',
  'export.nothing': 'There is no document in your mailbox: there is nothing to download.',
  'export.done': '{count} documents are in the archive.',
  'export.doneOne': 'Your document is in the archive.',
  'export.doneNone': '1 document, which could not be put into the archive:',
  'export.doneButOne': '{count} documents; 1 could not be put into the archive:',
  'export.doneBut': '{count} documents; {missing} could not be put into the archive:',
  'export.missing': '{title}: {reason}',
  'export.missingUnread': 'Document received on {date}: {reason}',
  'export.saved':
    '{name} is downloaded. Move it to a disk that is yours, then delete it from the downloads folder.',
  'export.handedOver':
    'Your browser is saving {name}. Keep this page open for a few more minutes after it has finished: closed sooner, it leaves a copy in this browser until it is opened here again.',
  'export.noRoom':
    'There is not enough room on this device: the archive takes about {size}. Nothing was kept. Make room and try again, or use another computer. If this is a private window, open this page in an ordinary one.',
  'export.diskFull':
    'The disk of this device filled up before the end. Nothing was kept. Make room and try again, or use another computer.',
  'export.noStorage':
    'Your documents are too large for this window, which can’t keep anything on the device. Open this page in an ordinary (not private) window of an up-to-date browser, preferably on a computer.',
  'export.csvDate': 'Date of the document',
  'export.csvReceived': 'Received on',
  'export.csvFrom': 'Sent by',
  'export.csvTitle': 'Title',
  'export.csvFolder': 'Folder',
  'export.csvFiles': 'Files',
  'export.csvPresent': 'In this archive',
  'export.csvRemark': 'Remark',
  'export.yes': 'yes',
  'export.no': 'no',
  'export.readme': `YOUR MEDICAL DOCUMENTS
exported from your Souspli mailbox on {date}

WHAT IS HERE

- A folder for each document: its date, who sent it, its title. The files are as they were sent, under their original names.
- documents.csv: the list of all your documents, for a spreadsheet (Excel, LibreOffice). Those that could not be put here are in it as well, with the reason.
- In each folder, a folder “souspli”: the signatures that prove from whom the document is and that it was not changed. You need not open them. Keep them with the document.

HOW TO OPEN THE ARCHIVE

Windows 11: right-click {name}, then “Extract all”.
macOS: double-click {name}.
Linux, or on a command line: tar -xf {name}

IT IS NO LONGER ENCRYPTED

In your mailbox, these documents can be read by you alone. Here, whoever has this file can read everything.
- Keep it on a disk that is yours and that is encrypted (BitLocker on Windows, FileVault on a Mac), and on a USB stick in a safe place.
- Don’t send it by e-mail, and don’t leave it on a shared computer.
- Once it is put away, delete the archive from the downloads folder and empty the bin.`,

  // Leaving
  'closing.title': 'Close my account',
  'closing.any': 'You can leave at any time, without giving a reason.',
  'closing.go': 'Close my account…',
  'closing.lead': 'This is what it does:',
  'closing.documents':
    'Your documents, your address and your keys are deleted here at once. Nobody can open them again, and neither can we.',
  'closing.keep': 'Download the ones that you want to keep first.',
  'closing.practices':
    'Your practices learn of it and write to you on paper again. They keep your results in their own records.',
  'closing.backups':
    'Our backups hold sealed documents only, which nobody can open any more. They go by themselves.',
  'closing.forever': 'There is no way back.',
  'closing.sure': 'I have downloaded what I want to keep, and I want to close my account',
  'closing.missing': 'Tick the box to close your account.',
  'closing.password': 'Your password, once more',
  'closing.submit': 'Close my account for good',
  'closing.back': 'Keep my account',
  'closing.working': 'Closing the account…',
  'closing.refused': 'This is not the password of this account. Nothing was deleted. Try again.',
  'closed.title': 'Your account is closed',
  'closed.since': 'Closed on {date}. Your documents were deleted here.',
  'closed.backups': 'The sealed backups, which nobody can open, will be gone by {date}.',
  'closed.practices':
    'Your practices know, and will write to you on paper. To find a result again, ask them.',
  'closed.leave': 'You can close this page.',

  // One document
  'document.tab': 'Document',
  'document.loading': 'Opening the document…',
  'document.receiving': 'Receiving the document: {percent}%',
  'document.resuming': 'Taking up what had already come: {percent}%',
  'document.progress': 'Receiving the document',
  'document.amount': '{done} received of {total}',
  'document.mayLeave':
    'This may take a while. If the connection breaks, it will go on from where it stopped.',
  'document.cancel': 'Cancel',
  'document.preparing': 'Getting {name} ready: {percent}%',
  'document.verifying': 'Verifying the document…',
  'document.from': 'Sent by',
  'document.bridge':
    'This document travelled unprotected inside the laboratory, as far as its bridge, which sealed it.',
  'document.date': 'Date of the document',
  'document.received': 'Received on',
  'document.patient': 'About',
  'document.born': '{name}, born on {date}',
  'document.verified':
    'Verified: this document really comes from {organisation} and was not changed.',
  'document.download': 'Download',
  'document.downloadNamed': 'Download {name}',
  'document.read': 'Read {name}',
  'document.downloaded': '{name} is downloaded.',
  'document.handedOver':
    'Your browser is saving {name}. Keep this page open for some minutes after that: closed earlier, it leaves a copy in this browser until it is opened here again.',
  'document.kilobytes': '{count} KB',
  'document.megabytes': '{count} MB',
  'document.gigabytes': '{count} GB',
  'document.octets': '{count} bytes',
  'document.back': 'Back to my documents',
  'document.replaces': 'This document replaces an earlier version.',
  'document.replacesDated': 'This document replaces that of {date}.',
  'document.showReplaced': 'See the document that was replaced',
  'document.corrected': 'There is a corrected version of this document.',
  'document.showCorrected': 'See the corrected version',
  'sender.member': '{name}, {organisation}',
  'sender.bridge': '{organisation}, through the laboratory’s bridge',
  'withdrawn.by': 'Withdrawn by {organisation} on {date}: {reason}.',
  'withdrawn.unproved':
    'The service says that this document was withdrawn by its sender, and shows no proof of it. If in doubt, call your practice.',
  'withdrawn.stays': 'You had received it already: it can still be read here.',
  'withdrawn.wrongPatient': 'it was not meant for you',
  'withdrawn.wrongDocument': 'it was not the right document',
  'withdrawn.replaced': 'a corrected version replaces it',
  'withdrawn.other': 'call them if you have a question',
  'document.withdraws': 'This document withdraws an earlier document.',
  'document.notShown': 'This kind of file is not shown here. Download it to open it.',
  'document.tooLongToShow': 'This file is too large to be shown here. Download it to open it.',
  'document.errorTitle': 'This document was not opened',

  // Reading a PDF
  'pdf.preparing': 'Getting ready to show it…',
  'pdf.region': 'Reading {name}',
  'pdf.page': 'Page {page} of {pages}',
  'pdf.next': 'Next',
  'pdf.previous': 'Previous',
  'pdf.larger': 'Larger',
  'pdf.smaller': 'Smaller',
  'pdf.zoom': 'Size {percent}%',
  'pdf.toolbar': 'Pages and size',
  'pdf.noText': 'This page is a picture: its text can’t be read aloud.',
  'pdf.broken':
    'This PDF file is incomplete or badly made: it can’t be shown here. It arrived just as it was sent. You can download it; otherwise ask the sender for another.',
  'pdf.empty':
    'This file is empty: there is nothing in it to read. It arrived just as it was sent. Ask the sender for another.',
  'pdf.password':
    'This PDF file has a password of its own: it can’t be shown here. Download it, then open it with the password from the sender.',
  'pdf.notPdf':
    'This file has the name of a PDF but is none: it can’t be shown here. You can download it.',
  'pdf.xfa':
    'This file is an interactive form (XFA), which can’t be shown in full here. Download it and open it with a program such as Acrobat Reader.',
  'pdf.pageBroken': 'This page can’t be shown. Download the file to read it.',

  // What may go wrong anywhere
  'trouble.away':
    'The service does not answer. Nothing is lost, and what you typed is kept. Check your Internet connection and try again in a moment.',
  'trouble.full':
    'The service has no room left and kept nothing. This is not your doing. Try again later; if it goes on, tell your practice.',
  'trouble.internal':
    'An error happened in the service. Nothing is lost, and what you typed is kept. Try again in a moment; if it happens again, tell your practice.',
  'trouble.throttled': 'Too many tries. Wait {minutes} minutes, then try again.',
  'trouble.throttledOne': 'Too many tries. Wait a minute, then try again.',
  'trouble.unexpected':
    'This page met an unexpected error. Try again; if it happens again, reload the page.',
  'trouble.tampered':
    'This document was changed or damaged. It was not opened. Tell your practice.',
  'trouble.incomplete':
    'This document did not arrive in full. It was not opened. Try again; if it happens again, tell your practice.',
  'trouble.foreign': 'This document was not sealed for you. It was not opened. Tell your practice.',
  'trouble.stranger':
    'The sender of this document could not be verified. It was not opened. Tell your practice.',
  'trouble.version':
    'This document has a version that this page does not know. It was not opened. Reload the page; if it happens again, tell your practice.',
  'trouble.gone': 'This document is no longer in your mailbox.',
  'trouble.withdrawn':
    'This document was withdrawn before you opened it: it can’t be read any more.',
  'trouble.noStorage':
    'This document is too large for this window, which can’t keep anything on the device. Open this page in an ordinary (not private) window of an up-to-date browser, preferably on a computer.',
  'trouble.noRoom':
    'There is not enough room on this device to open this document. Make room and try again, or use another computer. If this is a private window, open this page in an ordinary one.',
  'trouble.elsewhere':
    'This document is being opened in another window or tab. Go on there, or close it and try again.',
}
