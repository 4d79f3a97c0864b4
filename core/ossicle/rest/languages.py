"""Language tags between BCP 47 and vendors' ISO 639. Pure."""

from __future__ import annotations

_PAIRS = (
    "afr=af ara=ar asm=as aze=az bel=be ben=bn bos=bs bul=bg cat=ca ces=cs cmn=zh cym=cy dan=da "
    "deu=de ell=el eng=en est=et fas=fa fin=fi fra=fr gle=ga glg=gl guj=gu hau=ha heb=he hin=hi "
    "hrv=hr hun=hu hye=hy ibo=ig ind=id isl=is ita=it jav=jv jpn=ja kan=kn kat=ka kaz=kk khm=km "
    "kor=ko lao=lo lav=lv lin=ln lit=lt ltz=lb mal=ml mar=mr mkd=mk mlt=mt mon=mn mri=mi msa=ms "
    "mya=my nep=ne nld=nl nor=no oci=oc ori=or pan=pa pol=pl por=pt pus=ps ron=ro rus=ru slk=sk "
    "slv=sl sna=sn snd=sd som=so spa=es srp=sr swa=sw swe=sv tam=ta tel=te tgk=tg tha=th tur=tr "
    "ukr=uk urd=ur uzb=uz vie=vi wol=wo xho=xh zho=zh zul=zu"
)
_TWO_LETTERS: dict[str, str] = {pair[:3]: pair[4:] for pair in _PAIRS.split()}


def language_tag(code: str) -> str:
    """The BCP 47 tag of a language that a vendor names in ISO 639-1 or 639-3.

    BCP 47 takes the shortest code that there is (RFC 5646, section 2.2.1).

    Args:
        code: Of two or three letters; others are returned as they are.

    Example:
        >>> language_tag("deu")
        'de'
    """
    return _TWO_LETTERS.get(code.lower(), code)


def language_code(tag: str) -> str:
    """The language alone, as vendors take it.

    Args:
        tag: BCP 47.

    Example:
        >>> language_code("de-AT")
        'de'
    """
    return tag.replace("_", "-").partition("-")[0].lower()
