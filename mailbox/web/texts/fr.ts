/**
 * Every word that the page says, in French: the language that decides which texts there are.
 *
 * `{name}` is a place to fill. Ordinary spaces before `:`, `;`, `?`, `!`, `»` and after
 * `«` are typed as such here; `typography.ts` makes them unbreakable.
 */
export const fr = {
  // The frame around every screen
  'frame.skip': 'Aller au contenu',
  'frame.tagline': 'Vos documents médicaux, sous pli fermé',
  'frame.otherLanguage': 'English',
  'frame.signOut': 'Se déconnecter',
  'frame.signOutClaim': 'Quitter',
  'frame.warning':
    'Personne ne vous demandera jamais votre code ou votre mot de passe, ni par téléphone, ni par SMS, ni par e-mail.',
  'frame.step': 'Étape {step} sur 3',
  'frame.problem': 'Il y a un problème',
  'frame.problems': 'À corriger',
  'frame.retry': 'Réessayer',
  'frame.continue': 'Continuer',
  'frame.show': 'Afficher le mot de passe',

  // Before anything: can this page work here?
  'refused.title': 'Cette page ne peut pas s’ouvrir ici',
  'refused.host':
    'Elle n’est pas à son adresse habituelle ({host}). Ne tapez ni code ni mot de passe. Fermez-la et tapez vous-même l’adresse imprimée sur votre courrier.',
  'refused.insecure':
    'La connexion n’est pas protégée. Ne tapez ni code ni mot de passe. L’adresse doit commencer par https://.',
  'refused.browser':
    'Votre navigateur est trop ancien pour déchiffrer vos documents. Mettez-le à jour, ou essayez avec un autre appareil.',
  'refused.framed':
    'Elle est affichée à l’intérieur d’un autre site. Ne tapez ni code ni mot de passe. Fermez-la et tapez vous-même l’adresse imprimée sur votre courrier.',

  // Welcome
  'welcome.title': 'Vos documents médicaux',
  'welcome.lead':
    'Votre cabinet vous les envoie sous pli fermé. Personne d’autre que vous ne peut les ouvrir : ils sont déchiffrés ici, dans votre navigateur.',
  'welcome.letterTitle': 'C’est ma première visite',
  'welcome.letterText':
    'Votre cabinet vous a remis ou envoyé un courrier papier, avec un numéro et un code.',
  'welcome.letter': 'J’ai un courrier',
  'welcome.accountTitle': 'J’ai déjà un compte',
  'welcome.accountText':
    'Il faut votre adresse e-mail ou votre numéro de compte, et votre mot de passe.',
  'welcome.account': 'Me connecter',

  // Step 1: the letter
  'letter.title': 'Votre courrier',
  'letter.lead':
    'Prenez le courrier de votre cabinet. Recopiez son numéro et son code. Avec un téléphone, vous pouvez aussi viser son carré noir et blanc avec l’appareil photo.',
  'letter.number': 'Numéro du courrier',
  'letter.numberHint': '10 chiffres, par exemple : 123 456 789 7',
  'letter.code': 'Code',
  'letter.codeHint':
    '20 lettres et chiffres, en quatre groupes de cinq. Les tirets et les majuscules se mettent tout seuls.',
  'letter.numberMissing': 'Tapez le numéro du courrier : 10 chiffres.',
  'letter.numberShort': 'Le numéro compte 10 chiffres ; vous en avez tapé {count}.',
  'letter.numberSymbol': 'Le numéro ne contient que des chiffres : « {symbol} » n’en est pas un.',
  'letter.numberTypo':
    'Une faute de frappe s’est glissée dans le numéro. Comparez-le, chiffre par chiffre, avec votre courrier.',
  'letter.codeMissing': 'Tapez le code du courrier : 20 lettres et chiffres.',
  'letter.codeShort': 'Le code compte 20 lettres et chiffres ; vous en avez tapé {count}.',
  'letter.codeSymbol':
    'Le code ne contient jamais « {symbol} ». Regardez de plus près : est-ce un V, un 0, un 1 ?',
  'letter.codeTypo':
    'Une faute de frappe s’est glissée dans le code. Comparez-le, groupe par groupe, avec votre courrier.',
  'letter.scannedTypo':
    'Le code lu dans l’image est incomplet ou abîmé. Tapez le numéro et le code imprimés sur le courrier.',
  'letter.codeStays': 'Pour l’instant, le code reste dans cette page : il n’est envoyé à personne.',
  'letter.checking': 'Vérification de votre courrier… Cela prend quelques secondes.',
  'letter.unknown':
    'Aucun courrier en attente ne porte ce numéro. Vérifiez-le ; s’il est juste, appelez votre cabinet.',
  'letter.mismatch':
    'Ce code ne va pas avec ce courrier. Vérifiez que le numéro et le code viennent bien de la même feuille. Si tout est juste, n’insistez pas : appelez votre cabinet, au numéro que vous connaissez. Votre code n’a été envoyé à personne.',
  'letter.forged':
    'Ce que le service dit de ce courrier n’est pas signé comme il faut. Par prudence, tout s’arrête ici. Votre code n’a été envoyé à personne. Appelez votre cabinet, au numéro que vous connaissez.',
  'letter.expired':
    'Ce courrier n’est plus valable. Appelez votre cabinet : il vous en fera un nouveau. Vos documents ne sont pas perdus.',
  'letter.expiredSince':
    'Ce courrier n’est plus valable depuis le {date}. Appelez {organisation} ({phone}) pour en recevoir un nouveau. Vos documents ne sont pas perdus.',
  'letter.early':
    'Ce courrier n’est pas encore valable. La date et l’heure de votre appareil sont-elles justes ?',
  'letter.superseded':
    'Un courrier plus récent remplace celui-ci. Prenez le plus récent ; si vous ne l’avez pas, appelez votre cabinet.',
  'letter.used':
    'Ce courrier a déjà été utilisé pour ouvrir un compte. Si c’était vous, connectez-vous. Sinon, appelez tout de suite votre cabinet.',
  'letter.usedElsewhere':
    'Ce courrier vient d’être utilisé ailleurs, dans une autre fenêtre ou par une autre personne. Si c’était vous, connectez-vous. Sinon, appelez tout de suite {organisation} ({phone}).',
  'letter.phone': 'Téléphone',
  'letter.validUntil': 'Valable jusqu’au',
  'letter.confirm':
    'Si c’est bien votre cabinet, continuez : un code à usage unique sera envoyé à votre adresse e-mail.',
  'letter.notMine': 'Ce n’est pas mon cabinet',
  'letter.notMineText':
    'N’allez pas plus loin. Appelez votre cabinet, au numéro que vous connaissez, et montrez-lui ce courrier.',
  'letter.reloaded':
    'La page a été rechargée. Pour votre sécurité, elle n’avait gardé ni votre code ni vos réponses : reprenez votre courrier.',

  // Step 2: e-mail code, name, birth date
  'gates.title': 'C’est bien vous ?',
  'gates.lead':
    'Ces réponses protègent vos documents si votre courrier tombe entre d’autres mains.',
  'gates.sending': 'Envoi d’un code à votre adresse e-mail…',
  'gates.sent': 'Nous venons d’envoyer un code de 6 chiffres à',
  'gates.notYours':
    'Ce n’est pas votre adresse ? N’allez pas plus loin et appelez {organisation} ({phone}).',
  'gates.code': 'Code reçu par e-mail',
  'gates.codeHint': '6 chiffres, valables 10 minutes. Regardez aussi dans les indésirables.',
  'gates.codeAccepted': 'Le code reçu par e-mail est accepté.',
  'gates.sendAgain': 'Envoyer un nouveau code',
  'gates.sentAgain': 'Un nouveau code est parti. Le précédent ne marche plus.',
  'gates.mailsLeft': 'Encore {count} envois possibles aujourd’hui.',
  'gates.surname': 'Nom de famille',
  'gates.surnameHint': 'Votre nom de naissance ou votre nom d’usage, comme au cabinet.',
  'gates.birthDate': 'Date de naissance',
  'gates.birthDateHint':
    'Par exemple : 27 3 1946. Si vous ne connaissez pas le jour ou le mois, tapez 00.',
  'gates.day': 'Jour',
  'gates.month': 'Mois',
  'gates.year': 'Année',
  'gates.checking': 'Vérification de vos réponses…',
  'gates.codeMissing': 'Tapez le code de 6 chiffres reçu par e-mail.',
  'gates.codeLength': 'Le code reçu par e-mail compte 6 chiffres.',
  'gates.surnameMissing': 'Tapez votre nom de famille.',
  'gates.surnameLetters': 'Tapez votre nom avec les lettres de l’alphabet latin.',
  'gates.dateMissing': 'Tapez votre date de naissance : le jour, le mois et l’année.',
  'gates.dateImpossible': 'Cette date n’existe pas. Vérifiez le jour, le mois et l’année.',
  'gates.yearShort': 'Tapez l’année avec ses quatre chiffres, par exemple 1946.',
  'gates.codeWrong':
    'Ce n’est pas le bon code. Prenez celui de l’e-mail le plus récent. Essais restants : {count}.',
  'gates.codeUsedUp': 'Ce code ne marche plus après autant d’essais. Demandez-en un nouveau.',
  'gates.codeExpired':
    'Ce code ne marche plus : il a dépassé ses 10 minutes. Demandez-en un nouveau.',
  'gates.personWrong':
    'Le nom et la date ne correspondent pas à ce que votre cabinet a noté. Essayez votre nom de naissance, ou votre nom d’usage. Essais restants aujourd’hui : {count}.',
  'gates.personUsedUp':
    'Le nom et la date ne correspondent pas, et il n’y a plus d’essai aujourd’hui. Réessayez demain, ou appelez {organisation} ({phone}).',
  'gates.mailsUsedUp':
    'Il n’y a plus d’envoi possible aujourd’hui. Réessayez demain, ou appelez {organisation} ({phone}).',
  'gates.sessionEnded':
    'Trop de temps a passé. Nous venons d’envoyer un nouveau code à votre adresse e-mail ; vos autres réponses sont gardées.',

  // Step 3: the password
  'password.title': 'Votre mot de passe',
  'password.lead':
    'Il ouvre vos documents. Nous ne le connaissons pas et personne ne peut le retrouver à votre place : notez-le sur papier.',
  'password.choice': 'Comment voulez-vous faire ?',
  'password.usePhrase': 'Prendre ces huit mots (conseillé)',
  'password.useOwn': 'Choisir moi-même',
  'password.phrase': 'Vos huit mots',
  'password.phraseHint':
    'En minuscules, dans cet ordre, avec une espace entre les mots. Gardez les accents.',
  'password.another': 'D’autres mots',
  'password.anotherDone': 'Voici huit autres mots.',
  'password.print': 'Imprimer ces mots',
  'password.noted': 'J’ai noté ces huit mots sur papier',
  'password.notedMissing': 'Notez d’abord les huit mots sur papier, puis cochez la case.',
  'password.own': 'Mot de passe',
  'password.ownHint':
    'Au moins 18 lettres minuscules sans suite logique, ou 13 signes qui mêlent minuscules, majuscules, chiffres et autres signes. Ni votre nom, ni votre date de naissance.',
  'password.again': 'Encore une fois',
  'password.strength': 'Longueur et variété : {bits} sur 80',
  'password.strengthEnough': 'Longueur suffisante',
  'password.missing': 'Tapez un mot de passe, ou prenez les huit mots proposés.',
  'password.tooShort':
    'Ce mot de passe est trop court. Ajoutez au moins {count} signes, ou mêlez majuscules, chiffres et autres signes.',
  'password.tooShortOne':
    'Ce mot de passe est trop court. Ajoutez au moins un signe, ou mêlez majuscules, chiffres et autres signes.',
  'password.tooLong': 'Ce mot de passe est trop long : 128 signes au plus.',
  'password.hasName': 'Ce mot de passe contient votre nom. Choisissez autre chose.',
  'password.hasBirthDate':
    'Ce mot de passe contient votre date de naissance. Choisissez autre chose.',
  'password.hasEmail': 'Ce mot de passe contient votre adresse e-mail. Choisissez autre chose.',
  'password.guessable':
    'Ce mot de passe se devine trop facilement : mots courants, suites ou répétitions. Ajoutez des mots sans rapport entre eux.',
  'password.againMissing': 'Tapez le mot de passe une seconde fois, ou affichez-le.',
  'password.differs':
    'Les deux mots de passe ne sont pas les mêmes. Retapez le second, ou affichez-les.',
  'password.boundBefore':
    'Votre espace avait déjà été ouvert à l’essai précédent, avec le mot de passe choisi alors. Connectez-vous avec ce premier mot de passe et votre adresse e-mail.',
  'password.opening': 'Ouverture de votre espace… Cela prend quelques secondes.',

  // The account exists
  'done.title': 'Votre espace est ouvert',
  'done.number': 'Votre numéro de compte',
  'done.keep':
    'Notez-le ou imprimez cette page. Avec votre mot de passe, ce numéro vous permet de revenir. Votre adresse e-mail marche aussi.',
  'done.print': 'Imprimer cette page',
  'done.page': 'L’adresse de cette page',
  'done.thenTitle': 'À retenir',
  'done.password':
    'Votre mot de passe n’est pas sur cette page. Gardez-le sur un autre papier, en lieu sûr.',
  'done.destroy': 'Vous pouvez détruire le courrier de votre cabinet : son code ne sert plus.',
  'done.forgotten': 'Mot de passe perdu ? Votre cabinet pourra vous faire un nouveau courrier.',
  'done.moving': 'Préparation de vos documents : {done} sur {total}…',
  'done.movingStarts': 'Préparation de vos documents…',
  'done.notMoved':
    'Certains documents n’ont pas pu être préparés. Ce sera essayé de nouveau à votre prochaine connexion.',
  'done.open': 'Lire mon document',
  'done.openSeveral': 'Lire mes {count} documents',
  'done.openNone': 'Aller à mes documents',

  // Signing in
  'signIn.title': 'Me connecter',
  'signIn.account': 'Adresse e-mail ou numéro de compte',
  'signIn.accountHint': 'Le numéro de compte a 10 chiffres.',
  'signIn.password': 'Mot de passe',
  'signIn.passwordHint':
    'Si ce sont huit mots : en minuscules, dans l’ordre, une espace entre les mots.',
  'signIn.submit': 'Me connecter',
  'signIn.opening': 'Ouverture de votre espace… Cela prend quelques secondes.',
  'signIn.accountMissing': 'Tapez votre adresse e-mail ou votre numéro de compte.',
  'signIn.accountTypo':
    'Ce n’est ni une adresse e-mail ni un numéro de compte de 10 chiffres : vérifiez la frappe.',
  'signIn.passwordMissing': 'Tapez votre mot de passe.',
  'signIn.refused':
    'Ce compte et ce mot de passe ne vont pas ensemble. Vérifiez les deux. Si plusieurs personnes partagent cette adresse e-mail, tapez votre numéro de compte.',
  'signIn.notPatient':
    'Ce compte est celui d’un professionnel. Il s’utilise avec le programme du cabinet, pas avec cette page.',
  'signIn.vaultRefused':
    'Vos clés, telles que le service les rend, ont été modifiées ou abîmées. Elles n’ont pas été utilisées. Prévenez votre cabinet.',
  'signIn.expired':
    'Votre session est terminée. Reconnectez-vous : rien n’est perdu, vous reviendrez où vous étiez.',
  'signIn.reloaded':
    'La page a été rechargée. Vos clés n’étaient que dans sa mémoire : tapez de nouveau votre mot de passe.',
  'signIn.signedOut': 'La session est fermée. Vos clés sont effacées de cet appareil.',
  'signIn.noAccount': 'Pas encore de compte ? Utilisez le courrier de votre cabinet',

  // The list
  'inbox.title': 'Mes documents',
  'inbox.number': 'Compte n° {number}',
  'inbox.loading': 'Ouverture de la liste…',
  'inbox.empty':
    'Aucun document pour l’instant. Un e-mail vous préviendra quand il en arrivera un.',
  'inbox.search': 'Chercher dans les titres',
  'inbox.searching': 'Recherche dans tous vos documents…',
  'inbox.found': '{count} trouvés.',
  'inbox.foundOne': '1 trouvé.',
  'inbox.foundNone': 'Aucun titre ne contient « {words} ».',
  'inbox.clear': 'Effacer la recherche',
  'inbox.unread': 'Nouveau',
  'inbox.urgent': 'Urgent',
  'inbox.soon': 'À lire bientôt',
  'inbox.from': 'De {sender}',
  'inbox.received': 'Reçu le {date}',
  'inbox.more': 'Afficher les documents plus anciens',
  'inbox.refresh': 'Actualiser la liste',
  'inbox.refreshed': 'La liste est à jour.',
  'inbox.unreadable': 'Document illisible',
  'inbox.withdrawn': 'Document retiré',
  'inbox.markWithdrawn': 'Retiré',
  'inbox.markCorrected': 'Corrigé depuis',

  // How practices write, and the terms
  'inbox.account': 'Mon compte : papier ou électronique, conditions',
  'account.title': 'Mon compte',
  'account.practices': 'Comment vos cabinets vous écrivent',
  'account.lead':
    'Vous choisissez pour chaque cabinet, sans donner de raison, et vous pouvez changer d’avis. Vos documents déjà reçus restent ici.',
  'account.working': 'Un instant…',
  'account.unsaid': 'Par voie électronique, ici.',
  'account.electronicByYou': 'Par voie électronique, ici : vous l’avez choisi le {date}.',
  'account.electronicByPractice': 'Par voie électronique, ici, depuis le {date}.',
  'account.paperByYou': 'Sur papier : vous l’avez choisi le {date}.',
  'account.paperByPractice': 'Sur papier : le cabinet l’a noté le {date}.',
  'account.notedOral': 'Le cabinet a noté votre accord, donné de vive voix, le {date}.',
  'account.notedWritten': 'Le cabinet a noté votre accord, donné par écrit, le {date}.',
  'account.notedOnline': 'Le cabinet a noté votre accord, donné en ligne, le {date}.',
  'account.notedPaperOral':
    'Le cabinet a noté, le {date}, que vous demandez le papier : vous l’avez dit de vive voix.',
  'account.notedPaperWritten':
    'Le cabinet a noté, le {date}, que vous demandez le papier : vous l’avez écrit.',
  'account.notedPaperOnline':
    'Le cabinet a noté, le {date}, que vous demandez le papier : vous l’avez dit en ligne.',
  'account.toPaper': 'Revenir au papier pour ce cabinet',
  'account.toElectronic': 'Recevoir de nouveau mes documents ici',
  'account.paperMeans':
    'Ce cabinet ne peut plus vous envoyer de document ici. Il vous les remet sur papier. Pour le joindre : {phone}.',
  'account.electronicMeans':
    'Si vous revenez au papier, ce cabinet ne pourra plus vous envoyer de document ici.',
  'account.nowPaper': 'C’est noté : ce cabinet vous écrira sur papier.',
  'account.nowElectronic': 'C’est noté : ce cabinet vous écrira de nouveau ici.',
  'account.wordRefused':
    'Ce que le service montre n’a été signé ni par vous ni par votre cabinet. Rien n’a été changé. Prévenez votre cabinet.',
  'account.wordOvertaken':
    'Autre chose a été noté entre-temps. Rien n’a été changé. Regardez ce qui vaut maintenant, puis choisissez.',
  'terms.title': 'Conditions d’utilisation',
  'terms.region': 'Texte des conditions, version {version}',
  'terms.agree': 'J’ai lu ces conditions et je les accepte',
  'terms.missing': 'Lisez les conditions, puis cochez la case pour les accepter.',
  'terms.refusing':
    'Vous pouvez refuser : fermez cette page. Rien n’est créé. Dites à votre cabinet que vous préférez le papier.',
  'terms.refusingLater':
    'Si vous refusez : téléchargez d’abord vos documents, puis fermez votre compte, plus bas. Rien n’est effacé sans vous.',
  'terms.toExport': 'Télécharger tous mes documents',
  'terms.accept': 'Accepter ces conditions',
  'terms.accepted': 'Vous avez accepté les conditions.',
  'terms.acceptedOn': 'Vous avez accepté la version {version} le {date}.',
  'terms.due':
    'Les conditions d’utilisation ont changé. Lisez-les dans « Mon compte », puis acceptez ou refusez.',
  'terms.announced':
    'Les conditions d’utilisation changent le {date}. Vous pouvez lire le nouveau texte dans « Mon compte ».',
  'terms.changed':
    'Les conditions ont changé pendant que vous les lisiez. Rien n’a été créé. Lisez le nouveau texte, puis acceptez-le.',

  // All documents in one archive
  'export.title': 'Télécharger tous mes documents',
  'export.lead':
    'Tous vos documents en un seul fichier, une archive « .tar » que Windows 11, macOS et Linux ouvrent sans rien installer. Vos cabinets n’apprennent pas par là que vous les avez lus, et rien n’est effacé ici.',
  'export.plain':
    'Ce fichier n’est plus chiffré : qui l’a peut tout lire. Ne le téléchargez pas sur un ordinateur partagé.',
  'export.begin': 'Télécharger tous mes documents',
  'export.listing': 'Lecture de la liste de vos documents…',
  'export.working': 'Préparation de l’archive : {percent} %',
  'export.progress': 'Préparation de l’archive',
  'export.amount': 'Document {document} sur {documents} – {done} sur {total}',
  'export.stay':
    'Restez sur cette page jusqu’à la fin : si vous la quittez, il faudra recommencer.',
  'export.stop': 'Arrêter',
  'export.stopped': 'L’archive n’a pas été faite. Rien n’en est resté sur cet appareil.',
  'export.nothing': 'Il n’y a aucun document dans votre espace : il n’y a rien à télécharger.',
  'export.done': '{count} documents sont dans l’archive.',
  'export.doneOne': 'Votre document est dans l’archive.',
  'export.doneNone': '1 document, qui n’a pas pu être mis dans l’archive :',
  'export.doneButOne': '{count} documents ; 1 n’a pas pu être mis dans l’archive :',
  'export.doneBut': '{count} documents ; {missing} n’ont pas pu être mis dans l’archive :',
  'export.missing': '{title} : {reason}',
  'export.missingUnread': 'Document reçu le {date} : {reason}',
  'export.saved':
    '{name} est téléchargé. Rangez-le sur un disque qui vous appartient, puis effacez-le du dossier des téléchargements.',
  'export.handedOver':
    'Votre navigateur enregistre {name}. Gardez cette page ouverte quelques minutes encore après la fin : fermée plus tôt, elle laisse une copie dans ce navigateur jusqu’à ce qu’elle soit rouverte ici.',
  'export.noRoom':
    'Il n’y a pas assez de place sur cet appareil : l’archive demande environ {size}. Rien n’a été gardé. Libérez de la place puis réessayez, ou utilisez un autre ordinateur. Si cette fenêtre est privée, ouvrez cette page dans une fenêtre ordinaire.',
  'export.diskFull':
    'Le disque de cet appareil s’est rempli avant la fin. Rien n’a été gardé. Libérez de la place puis réessayez, ou utilisez un autre ordinateur.',
  'export.noStorage':
    'Vos documents sont trop volumineux pour cette fenêtre, qui ne peut rien garder sur l’appareil. Ouvrez cette page dans une fenêtre ordinaire (non privée) d’un navigateur à jour, de préférence sur un ordinateur.',
  'export.csvDate': 'Date du document',
  'export.csvReceived': 'Reçu le',
  'export.csvFrom': 'Envoyé par',
  'export.csvTitle': 'Titre',
  'export.csvFolder': 'Dossier',
  'export.csvFiles': 'Fichiers',
  'export.csvPresent': 'Dans cette archive',
  'export.csvRemark': 'Remarque',
  'export.yes': 'oui',
  'export.no': 'non',
  'export.readme': `VOS DOCUMENTS MÉDICAUX
exportés de votre espace Souspli le {date}

CE QU’IL Y A ICI

- Un dossier pour chaque document : sa date, qui l’a envoyé, son titre. Les fichiers y sont tels qu’ils ont été envoyés, sous leur nom d’origine.
- documents.csv : la liste de tous vos documents, à ouvrir avec un tableur (Excel, LibreOffice). Ceux qui n’ont pas pu être mis ici y sont aussi, avec la raison.
- Dans chaque dossier, un dossier « souspli » : les signatures qui prouvent de qui vient le document et qu’il n’a pas été modifié. Vous n’avez pas à les ouvrir. Gardez-les avec le document.

COMMENT OUVRIR L’ARCHIVE

Windows 11 : clic droit sur {name}, puis « Extraire tout ».
macOS : double-clic sur {name}.
Linux, ou en ligne de commande : tar -xf {name}

CE N’EST PLUS CHIFFRÉ

Dans votre espace, ces documents ne peuvent être lus que par vous. Ici, qui a ce fichier peut tout lire.
- Rangez-le sur un disque qui vous appartient et qui est chiffré (BitLocker sur Windows, FileVault sur un Mac), et sur une clé USB gardée en lieu sûr.
- Ne l’envoyez pas par e-mail et ne le laissez pas sur un ordinateur partagé.
- Une fois rangé, effacez l’archive du dossier des téléchargements et videz la corbeille.`,

  // Leaving
  'closing.title': 'Fermer mon compte',
  'closing.any': 'Vous pouvez partir à tout moment, sans donner de raison.',
  'closing.go': 'Fermer mon compte…',
  'closing.lead': 'Voici ce que cela fait :',
  'closing.documents':
    'Vos documents, votre adresse et vos clés sont effacés d’ici tout de suite. Personne ne peut plus les rouvrir, nous non plus.',
  'closing.keep': 'Téléchargez d’abord ceux que vous voulez garder.',
  'closing.practices':
    'Vos cabinets l’apprennent et vous écrivent de nouveau sur papier. Ils gardent vos résultats dans leurs propres dossiers.',
  'closing.backups':
    'Nos sauvegardes n’ont que des documents scellés, que plus personne ne peut ouvrir. Elles s’effacent d’elles-mêmes.',
  'closing.forever': 'On ne peut pas revenir en arrière.',
  'closing.sure': 'J’ai téléchargé ce que je veux garder, et je veux fermer mon compte',
  'closing.missing': 'Cochez la case pour fermer votre compte.',
  'closing.password': 'Votre mot de passe, encore une fois',
  'closing.submit': 'Fermer mon compte pour toujours',
  'closing.back': 'Garder mon compte',
  'closing.working': 'Fermeture du compte…',
  'closing.refused':
    'Ce n’est pas le mot de passe de ce compte. Rien n’a été effacé. Essayez de nouveau.',
  'closed.title': 'Votre compte est fermé',
  'closed.since': 'Fermé le {date}. Vos documents ont été effacés d’ici.',
  'closed.backups':
    'Les sauvegardes scellées, que personne ne peut ouvrir, auront disparu le {date} au plus tard.',
  'closed.practices':
    'Vos cabinets le savent et vous écriront sur papier. Pour retrouver un résultat, demandez-le-leur.',
  'closed.leave': 'Vous pouvez fermer cette page.',

  // One document
  'document.tab': 'Document',
  'document.loading': 'Ouverture du document…',
  'document.receiving': 'Réception du document : {percent} %',
  'document.resuming': 'Reprise de ce qui était déjà reçu : {percent} %',
  'document.verifying': 'Vérification du document…',
  'document.progress': 'Réception du document',
  'document.amount': '{done} reçus sur {total}',
  'document.mayLeave':
    'Cela peut durer. Si la connexion est coupée, la réception reprendra là où elle s’est arrêtée.',
  'document.cancel': 'Annuler',
  'document.preparing': 'Préparation de {name} : {percent} %',
  'document.from': 'Envoyé par',
  'document.bridge':
    'Ce document a circulé sans protection à l’intérieur du laboratoire, jusqu’à son pont, qui l’a scellé.',
  'document.date': 'Date du document',
  'document.received': 'Reçu le',
  'document.patient': 'Concerne',
  'document.born': '{name}, né(e) le {date}',
  'document.verified': 'Vérifié : ce document vient bien de {organisation} et n’a pas été modifié.',
  'document.download': 'Télécharger',
  'document.downloadNamed': 'Télécharger {name}',
  'document.read': 'Lire {name}',
  'document.downloaded': '{name} est téléchargé.',
  'document.handedOver':
    'Votre navigateur enregistre {name}. Gardez cette page ouverte quelques minutes encore après la fin : fermée plus tôt, elle laisse une copie dans ce navigateur jusqu’à ce qu’elle soit rouverte ici.',
  'document.kilobytes': '{count} Ko',
  'document.megabytes': '{count} Mo',
  'document.gigabytes': '{count} Go',
  'document.octets': '{count} octets',
  'document.back': 'Retour à mes documents',
  'document.replaces': 'Ce document remplace une version précédente.',
  'document.replacesDated': 'Ce document remplace celui du {date}.',
  'document.showReplaced': 'Voir le document remplacé',
  'document.corrected': 'Une version corrigée de ce document existe.',
  'document.showCorrected': 'Voir la version corrigée',
  'sender.member': '{name}, {organisation}',
  'sender.bridge': '{organisation}, par le pont du laboratoire',
  'withdrawn.by': 'Retiré par {organisation} le {date} : {reason}.',
  'withdrawn.unproved':
    'Le service dit que ce document a été retiré par son expéditeur, mais n’en montre pas la preuve. En cas de doute, appelez votre cabinet.',
  'withdrawn.stays': 'Vous l’aviez déjà reçu : il reste lisible ici.',
  'withdrawn.wrongPatient': 'il ne vous était pas destiné',
  'withdrawn.wrongDocument': 'ce n’était pas le bon document',
  'withdrawn.replaced': 'une version corrigée le remplace',
  'withdrawn.other': 'appelez-le si vous avez une question',
  'document.withdraws': 'Ce document annule un document précédent.',
  'document.notShown': 'Ce type de fichier ne s’affiche pas ici. Téléchargez-le pour l’ouvrir.',
  'document.tooLongToShow':
    'Ce fichier est trop volumineux pour être affiché ici. Téléchargez-le pour l’ouvrir.',
  'document.errorTitle': 'Ce document n’a pas été ouvert',

  // Reading a PDF
  'pdf.preparing': 'Préparation de la lecture…',
  'pdf.region': 'Lecture de {name}',
  'pdf.page': 'Page {page} sur {pages}',
  'pdf.next': 'Suivante',
  'pdf.previous': 'Précédente',
  'pdf.larger': 'Agrandir',
  'pdf.smaller': 'Réduire',
  'pdf.zoom': 'Taille {percent} %',
  'pdf.toolbar': 'Pages et taille',
  'pdf.noText': 'Cette page est une image : son texte ne peut pas être lu à voix haute.',
  'pdf.broken':
    'Ce fichier PDF est incomplet ou mal fait : il ne peut pas s’afficher ici. Il est arrivé tel qu’il a été envoyé. Vous pouvez le télécharger ; sinon, demandez-en un autre à l’expéditeur.',
  'pdf.empty':
    'Ce fichier est vide : il ne contient rien à lire. Il est arrivé tel qu’il a été envoyé. Demandez-en un autre à l’expéditeur.',
  'pdf.password':
    'Ce fichier PDF a son propre mot de passe : il ne peut pas s’afficher ici. Téléchargez-le, puis ouvrez-le avec le mot de passe donné par l’expéditeur.',
  'pdf.notPdf':
    'Ce fichier porte le nom d’un PDF mais n’en est pas un : il ne peut pas s’afficher ici. Vous pouvez le télécharger.',
  'pdf.xfa':
    'Ce fichier est un formulaire interactif (XFA), qui ne peut pas s’afficher entièrement ici. Téléchargez-le et ouvrez-le avec un logiciel comme Acrobat Reader.',
  'pdf.pageBroken': 'Cette page ne peut pas s’afficher. Téléchargez le fichier pour la lire.',

  // What may go wrong anywhere
  'trouble.away':
    'Le service ne répond pas. Rien n’est perdu, et ce que vous avez tapé est gardé. Vérifiez votre connexion à Internet et réessayez dans un instant.',
  'trouble.full':
    'Le service n’a plus de place et n’a rien gardé. Ce n’est pas de votre fait. Réessayez plus tard ; si cela dure, prévenez votre cabinet.',
  'trouble.internal':
    'Une erreur s’est produite dans le service. Rien n’est perdu, et ce que vous avez tapé est gardé. Réessayez dans un instant ; si cela recommence, prévenez votre cabinet.',
  'trouble.throttled': 'Trop d’essais. Attendez {minutes} minutes, puis réessayez.',
  'trouble.throttledOne': 'Trop d’essais. Attendez une minute, puis réessayez.',
  'trouble.unexpected':
    'Cette page a rencontré une erreur imprévue. Réessayez ; si cela recommence, rechargez la page.',
  'trouble.tampered':
    'Ce document a été modifié ou abîmé. Il n’a pas été ouvert. Prévenez votre cabinet.',
  'trouble.incomplete':
    'Ce document n’est pas arrivé en entier. Il n’a pas été ouvert. Réessayez ; si cela recommence, prévenez votre cabinet.',
  'trouble.foreign':
    'Ce document n’a pas été scellé pour vous. Il n’a pas été ouvert. Prévenez votre cabinet.',
  'trouble.stranger':
    'L’expéditeur de ce document n’a pas pu être vérifié. Le document n’a pas été ouvert. Prévenez votre cabinet.',
  'trouble.version':
    'Ce document est d’une version que cette page ne connaît pas. Il n’a pas été ouvert. Rechargez la page ; si cela recommence, prévenez votre cabinet.',
  'trouble.gone': 'Ce document n’est plus dans votre espace.',
  'trouble.withdrawn':
    'Ce document a été retiré avant que vous l’ouvriez : il n’est plus possible de le lire.',
  'trouble.noStorage':
    'Ce document est trop volumineux pour cette fenêtre, qui ne peut rien garder sur l’appareil. Ouvrez cette page dans une fenêtre ordinaire (non privée) d’un navigateur à jour, de préférence sur un ordinateur.',
  'trouble.noRoom':
    'Il n’y a pas assez de place sur cet appareil pour ouvrir ce document. Libérez de la place puis réessayez, ou utilisez un autre ordinateur. Si cette fenêtre est privée, ouvrez cette page dans une fenêtre ordinaire.',
  'trouble.elsewhere':
    'Ce document est en train d’être ouvert dans une autre fenêtre ou un autre onglet. Continuez là-bas, ou fermez-le puis réessayez.',
} as const
