"""Messages that need no answer: thanks and nothing else, and mail that a machine wrote. Pure.

Both err on the side of an answer: a message counts as thanks only where every word of it is known to say nothing else, so
an unknown word, a question mark, a number or a negation is enough for "no". English, German, French, Spanish, Italian,
Portuguese, Dutch.
"""

from __future__ import annotations

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LONGEST = 400  # characters; thanks are short

_PHRASES = re.compile(
    r"\b(?:thanks? (?:you )?again|no (?:further|more|other) questions|no (?:problem|worries)|(?:the |my )?(?:problem|issue) (?:is |was |has been )?"
    r"(?:now )?(?:solved|fixed|resolved|gone|sorted)(?: now)?|(?:solved|fixed|resolved|sorted) (?:out )?(?:the|my|our|this) (?:problem|issue)"
    r"|with (?:the|my|our|this) (?:problem|issue)|(?:you can|please|feel free to) close (?:the|this|my) (?:ticket|case|request)"
    r"|i(?:['’]ll| will) (?:try|check|test)(?: it| this| that)?(?: out)?(?: later| tomorrow| today)?(?: and let you know)?"
    r"|up and running(?: again)?|back to normal|have a (?:nice|great|good|lovely) (?:day|evening|weekend|one)|much appreciated"
    r"|keine weiteren fragen|kein problem|(?:das |mein )?problem (?:ist |hat sich |wurde )?(?:jetzt |nun )?(?:gelöst|behoben|erledigt|weg)"
    r"|(?:das |mein )?problem gelöst|(?:das |mein )?problem (?:ist|hat sich) (?:damit )?(?:gelöst|erledigt|behoben)"
    r"|(?:das |dieses )?ticket kann (?:geschlossen|zu)(?: werden)?|(?:sie können |ihr könnt )?(?:das )?ticket (?:gerne )?schließen"
    r"|(?:einen )?schönen (?:tag|abend|feierabend)|schönes wochenende|(?:noch )?einen schönen (?:tag|abend)|ich (?:probiere|teste) (?:es|das) (?:aus|mal)"
    r"|pas d['’]autres? questions?|pas de (?:problème|souci)|sans souci|(?:le |mon )?problème (?:est )?(?:résolu|réglé)|bonne (?:journée|soirée)"
    r"|bon week-?end|vous pouvez (?:fermer|clôturer) (?:le|ce|mon) ticket"
    r"|sin problemas?|ning[uú]n problema|(?:el |mi )?problema (?:está |ha sido |ya está |queda )?(?:resuelto|solucionado|arreglado)|buen d[ií]a"
    r"|buen fin de semana|pued[ea]n? cerrar (?:el|este) (?:ticket|caso)|que tenga(?:n|s)? (?:un )?buen d[ií]a"
    r"|nessun problema|(?:il )?problema (?:è )?(?:stato )?risolto|buona (?:giornata|serata)|buon lavoro|potete chiudere il ticket"
    r"|sem problemas?|(?:o )?problema (?:foi |está )?resolvido|bom dia|boa tarde|boa noite|bom fim de semana|podem? (?:fechar|encerrar) o (?:ticket|chamado)"
    r"|geen probleem|geen (?:verdere )?vragen|(?:het )?probleem (?:is )?opgelost|fijne (?:dag|avond)|fijn weekend"
    r"|(?:het |dit )?ticket (?:kan|mag) (?:gesloten|dicht)(?: worden)?)\b"
)
_WELL = r"(?: (?:again|now|perfectly|fine|great|well|beautifully|like new|as it should|properly|today))*"
_NOUN = r"(?!not|never|hardly|barely|nothing|other|rest|problem|nicht|nie|kaum|andere|rest|pas|jamais|otr[oa]|no|nunca|non|mai|não|niet|nooit)[^\W\d_]+"
_ALL_IS_WELL = re.compile(
    rf"\b(?:(?:the|my|our|your) (?:(?:new|replacement|repaired|whole) )?{_NOUN} (?:now |finally |is now |is )?(?:works|working|worked|runs|arrived|has arrived|came|is here){_WELL}"
    rf"|(?:der|die|das|mein|meine|unser|unsere) (?:neue[rs]? )?{_NOUN} (?:funktioniert|läuft|geht|klappt|ist (?:heute )?(?:gut )?angekommen|ist da)"
    rf"(?: (?:jetzt|nun|wieder|einwandfrei|perfekt|prima|super|gut|bestens|tadellos))*"
    rf"|(?:le |la |l['’]|mon |ma |notre |votre )(?:nouvelle? )?{_NOUN} (?:fonctionne|marche|est (?:bien )?arrivée?)(?: (?:à nouveau|parfaitement|très bien|bien|maintenant|de nouveau))*"
    rf"|(?:el|la|mi|nuestr[oa]) (?:nuev[oa] )?{_NOUN} (?:ya )?(?:funciona|ha llegado|llegó)(?: (?:ya|de nuevo|perfectamente|muy bien|bien|ahora|otra vez))*"
    rf"|(?:il|lo|la|il mio|la mia) (?:nuov[oa] )?{_NOUN} (?:ora )?(?:funziona|è arrivat[oa])(?: (?:di nuovo|perfettamente|benissimo|bene|ora))*"
    rf"|(?:o|a|o meu|a minha) (?:nov[oa] )?{_NOUN} (?:já )?(?:funciona|chegou)(?: (?:de novo|perfeitamente|muito bem|bem|agora))*"
    rf"|(?:de|het|mijn|onze) (?:nieuwe )?{_NOUN} (?:werkt|doet het|is (?:goed )?aangekomen)(?: (?:weer|nu|perfect|prima|uitstekend|goed))*)(?![^\W\d_])"
)
"""That a thing works or has come, whatever it is called; what else is said about it stays, and is an answer's business."""
_THANKS = _words(
    "thanks thank thx ty tysm cheers appreciated appreciate grateful danke dank dankeschön dankesehr merci gracias agradezco agradecido"
    " agradecida grazie ringrazio obrigado obrigada agradeço bedankt dankjewel dankuwel dank"
)
_CONFIRMS = _words(
    "works working worked solved fixed resolved sorted perfect great awesome excellent brilliant wonderful fantastic super ok okay okey kk"
    " helped helps helpful geholfen aidé aidée utile ayudó ayudado útil aiutato ajudou ajudado geholpen"
    " done understood received confirmed got nice cool lovely good klappt geklappt funktioniert läuft geht erledigt gelöst behoben perfekt"
    " prima toll wunderbar klasse top alles passt verstanden erhalten angekommen spitze bestens marche fonctionne résolu réglé parfait génial"
    " nickel reçu compris entendu accord impeccable funciona funcionó resuelto solucionado arreglado perfecto genial excelente estupendo vale"
    " entendido recibido listo funziona risolto perfetto ottimo fantastico capito ricevuto va resolvido perfeito ótimo otimo beleza recebido"
    " certo werkt opgelost perfect geweldig prima fijn gelukt begrepen ontvangen oké top"
)
_FILLERS = _words(
    "a an and all am are as the you u so very much many lot lots for your ur help support quick fast reply response answer assistance advice"
    " info information explanation it its that this is was has have been now everything fine i i'm im we me my our us team dear hi hello hey"
    " really indeed just really well kind kindly time patience effort sir madam best regards kindest warm greetings yours sincerely"
    " did do does trick clear up yes yep yeah sure of course oh wow ah great ! works guys everyone folks both"
    " es das ist war hat hab habe ich wir sie ihr ihnen euch dir du für die den der dem ihre eure deine schnelle schnellen schneller schnell"
    " hilfe antwort unterstützung rückmeldung info auskunft mühe geduld vielen herzlichen besten lieben schönen tausend sehr gut gute super"
    " jetzt nun wunderbar ja jo alles klar hallo guten tag liebe lieber liebes herr frau team mit freundlichen herzliche viele grüße"
    " grüßen gruß grüsse lg vg mfg beste mal und hiermit geholfen mir uns bestätige wirklich echt ganz total so sind gerne bitteschön"
    " m'a ça ca ce beaucoup bien bonjour bonsoir salut pour votre vos ta ton tes aide réponse rapide rapidité retour soutien à vous toi tous toute l'équipe"
    " équipe c'est ça est tout tous maintenant cela le la les de du des et un une très infiniment mille oui d'accord cordialement j'ai je suis"
    " ravi ravie merveilleux beau travail en effet explication explications"
    " mucho muchas muchísimas mil muy por su tu vuestra la el los las ayuda respuesta rápida rapidez atención todo ya ahora bien sí si está esta es"
    " hola buenas buenos días tardes equipo saludos saludo un una de con y lo he ha han me nos amable amabilidad a usted ustedes vosotros"
    " tante mille molte infinite per il lo gli le tua sua vostra aiuto risposta rapida veloce supporto tutto ora adesso bene sì è ciao salve"
    " buongiorno saluti cordiali di cuore e gentilezza disponibilità voi lei te davvero molto che stato"
    " muito muita pela pelo sua vossa ajuda resposta rápida atenção agora tudo bem está sim olá equipa equipe abraço abraços cumprimentos"
    " mesmo já o os apoio suporte"
    " je jullie u voor de het snelle reactie hulp antwoord ondersteuning heel erg hartelijk veel nu alles goed ja is hallo hoi beste groet"
    " groeten groetjes vriendelijke met vr zo dat dit super wel hoor helder duidelijk team"
)
_GOOD_SIGNS = re.compile("[👍👌🙏✅🎉😊😀😃😄🙂❤💙💚🥰🤗🙌👏💯✔]")
_NAME_TOKENS = re.compile(r"<(?:NAME|PERSON|ORG)_\d+>")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_CALLED = re.compile(
    r"\b(?:(?i:thanks|thank you|thx|cheers|danke|dank|merci|gracias|grazie|obrigad[oa]|bedankt|dankjewel|hi|hello|hey|dear|hallo|liebe[rs]?"
    r"|bonjour|hola|ciao|olá|hoi|beste|salut|herr|frau|regards|grüßen?|gruß|lg|vg|saludos|saluti|cordialement|cumprimentos|groet(?:en|jes)?))"
    r"[ ,]+([A-ZÀ-ÞĀ-Ž][\w'’-]+(?: [A-ZÀ-ÞĀ-Ž][\w'’-]+)?)"
    r"|\n[ \t–—-]*([A-ZÀ-ÞĀ-Ž][\w'’-]+(?: [A-ZÀ-ÞĀ-Ž][\w'’-]+)?)\s*$"
)
"""A name behind a greeting or thanks ("Thanks Tom"), or alone on the last line."""
_SMILEY = re.compile(r"[:;]['’]?-?[)D]+|<3|\^\^")

_REPLY_MARK = r"\s*(?:(?:re|aw|wg|fw|fwd|sv|tr|rv|res|enc|antw|doorst)\s?:\s*){0,3}(?:\[[^\]]{1,40}\]\s*)?"
_AUTOMATIC_SUBJECT = re.compile(
    _REPLY_MARK
    + r"(?:(?:automatic(?: e-?mail)? (?:reply|response)|auto(?:mated)?[- ]?(?:reply|response|responder)|out[- ]of[- ](?:the[- ])?office(?: (?:auto(?:matic)?"
    r"[- ]?)?(?:reply|response|message|notice|notification))?|ooo|away from (?:the |my )?(?:office|desk|e-?mail)|vacation (?:reply|response|notice)"
    r"|automatische (?:antwort|rückantwort|abwesenheitsnotiz|e-?mail)|abwesenheits(?:notiz|nachricht|meldung|benachrichtigung|assistent)|abwesend"
    r"|abwesenheit|außer haus|nicht im büro|réponse automatique|(?:message d['’])?absence(?: du bureau)?|absent(?:e)? du bureau"
    r"|notification d['’]absence|respuesta automática|(?:estoy )?fuera de (?:la )?oficina|ausencia(?: de la oficina)?|mensaje automático"
    r"|risposta automatica|(?:sono )?fuori (?:sede|ufficio)|assenza(?: dall['’]ufficio)?|messaggio automatico|resposta automática"
    r"|(?:estou )?fora d[oe] escritório|ausência(?: temporária| do escritório)?|automatisch(?:e)? (?:antwoord|beantwoording|bericht|reactie)"
    r"|afwezig(?:heid)?(?:sbericht|smelding)?|niet aanwezig|afwezigheidsassistent)(?:\s*[:–—(!-].*|\s+(?:until|bis|jusqu['’]au|hasta|fino al"
    r"|até|tot)\b.*|[\s.!]*)"
    r"|(?:undeliver(?:able|ed)|undelivered mail returned to sender|delivery (?:status notification|has failed|failure|incomplete)|mail delivery"
    r" (?:failed|failure|system|subsystem)|failure notice|returned mail|message (?:not delivered|delivery failure)|non-?delivery (?:report|notification)"
    r"|unzustellbar|nicht zustellbar|zustellung fehlgeschlagen|fehler bei der (?:nachrichten)?zustellung|unzustellbare nachricht|non remis"
    r"|message non (?:remis|distribué)|échec de (?:la )?remise|échec de la distribution|no se (?:puede|pudo) entregar|no entregado|correo no entregado"
    r"|error de entrega|non recapitabile|mancato recapito|messaggio non recapitato|impossibile recapitare|não é possível entregar|não entregue"
    r"|falha na entrega|mensagem não entregue|onbestelbaar|niet bezorgd|kan niet worden bezorgd|aflevering mislukt)\b(?![^:]{0,40}\?).*)",
    re.IGNORECASE,
)
_ABSENT = re.compile(
    r"\b(?:(?:i am|i['’]m|i will be|i['’]ll be) (?:currently |now |presently )?(?:out of (?:the )?office|away from (?:the |my )?(?:office|desk)|on (?:annual |parental |maternity"
    r" |sick )?(?:leave|vacation|holidays?)|on vacation|traveling with limited)|thank you for your (?:e-?mail|message)\. i am (?:currently )?(?:out|away|on)"
    r"|ich bin (?:derzeit |zurzeit |zur zeit |momentan |aktuell |bis (?:zum|einschließlich) .{1,30}|vom .{1,40}|ab .{1,30})?(?:leider )?(?:nicht im (?:büro|haus|dienst)|außer haus"
    r"|abwesend|im urlaub|in elternzeit|nicht erreichbar|nicht am platz)|(?:je suis|je serai) (?:actuellement )?(?:absente?|en congés?|en vacances|hors du bureau|en déplacement)"
    r"|(?:estoy|estaré|me encuentro) (?:actualmente )?(?:fuera de (?:la |mi )?oficina|de vacaciones|ausente|de baja)|(?:sono|sarò) (?:attualmente |al momento )?(?:fuori (?:ufficio|sede)"
    r"|assente|in (?:ferie|vacanza|congedo))|(?:estou|estarei|encontro-me) (?:atualmente |de momento )?(?:fora do escritório|ausente|de férias|em férias)"
    r"|ik ben (?:momenteel |op dit moment |tot .{1,30}|van .{1,40})?(?:afwezig|niet (?:op kantoor|aanwezig|bereikbaar)|met (?:vakantie|verlof)|op vakantie|buiten kantoor))\b",
    re.IGNORECASE,
)
_RETURNS = re.compile(
    r"\b(?:until|return(?:ing)?|back (?:on|in|at)|urgent|limited access|no access|respond (?:when|upon|as soon)|in my absence|bis|zurück|wieder (?:da|erreichbar|im büro|für sie)"
    r"|dringend\w*|vertret\w+|weitergeleitet|nicht gelesen|jusqu|de retour|urgen\w+|en mon absence|hasta|regres\w+|vuelta|en mi ausencia|fino al|rientr\w+|in mia assenza|até"
    r"|retorn\w+|regresso|na minha ausência|tot|terug|spoed|tijdens mijn afwezigheid)\b",
    re.IGNORECASE,
)
_MACHINE_TEXT = re.compile(
    r"[\s*#>-]{0,10}(?:this is (?:the mail system at host|an? (?:automatic(?:ally generated)?|automated|auto)[- ]?(?:generated )?(?:reply|response|delivery status)|the qmail-send)"
    r"|hi\. this is the qmail-send|this message was created automatically by mail delivery software|delivery (?:to the following recipients?|has failed to these recipients)"
    r"|your message (?:to .{1,100} )?(?:couldn['’]t|could not|wasn['’]t|was not) (?:be )?delivered|the following (?:message|address(?:es)?|recipients?) (?:to|had|could|cannot)"
    r"|address not found|message (?:blocked|not delivered)|i['’]m sorry to have to inform you that your message could not be delivered"
    r"|dies(?:e nachricht)? ist eine automatische (?:antwort|abwesenheits)|diese nachricht wurde automatisch|ihre nachricht (?:an .{1,100} )?konnte nicht zugestellt werden"
    r"|die nachricht konnte nicht zugestellt|fehler bei der nachrichtenzustellung|ceci est une réponse automatique|ce message (?:est|a été) (?:un message )?(?:automatique|généré automatiquement)"
    r"|votre message (?:à .{1,100} )?n['’]a pas pu être (?:remis|distribué)|esta es una respuesta automática|este es un mensaje automático|no se pudo entregar|su mensaje (?:a .{1,100} )?no"
    r" (?:pudo|ha podido) (?:ser )?entrega|questa è una risposta automatica|messaggio (?:automatico|generato automaticamente)|il (?:tuo|suo) messaggio (?:a .{1,100} )?non è stato recapitato"
    r"|impossibile recapitare|esta é uma (?:resposta|mensagem) automática|a sua mensagem (?:para .{1,100} )?não (?:pôde|pode) ser entregue|não foi possível entregar|dit is een automatisch"
    r"|uw bericht (?:aan .{1,100} )?kon niet worden (?:bezorgd|afgeleverd))",
    re.IGNORECASE,
)


def is_automatic(subject: str, text: str) -> bool:
    """True for an absence note, an automatic answer or a delivery failure; for messages that the vendor does not mark.

    Not for a person who writes about such mail: the words must begin the subject or the text, and a question is a person.
    """
    if _AUTOMATIC_SUBJECT.fullmatch(" ".join(subject[:300].split())):
        return True
    start = " ".join(text[:1_500].split())
    if _MACHINE_TEXT.match(start):
        return True
    return bool("?" not in start and _ABSENT.search(start[:500]) and _RETURNS.search(start))


def is_thanks_only(text: str) -> bool:
    """True where a message thanks or confirms ("Danke, klappt jetzt!") and neither asks nor reports anything."""
    if len(text) > _LONGEST:
        return False
    said = _SMILEY.sub(" ", _NAME_TOKENS.sub(" ", text)).replace("’", "'")
    if re.search(r"[?？¿:;/@<\d]", said):
        return False
    names = {name.lower() for match in _CALLED.findall(said) for called in match for name in _WORD.findall(called)}
    lowered = said.lower()
    left = _ALL_IS_WELL.sub(" ", _PHRASES.sub(" ", lowered))
    rest = _WORD.findall(left)
    says = left != lowered or bool(_GOOD_SIGNS.search(said)) or any(word in _THANKS | _CONFIRMS for word in rest)
    return says and all(word in _THANKS | _CONFIRMS | _FILLERS | names for word in rest)
