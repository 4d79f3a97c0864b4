from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossicle.policy import estimate_tokens

# Counts of the tokenizer o200k as OpenAI publishes them: "Hello GPT-4o", 2024-05-13, language
# tokenization; and the cookbook's "How to count tokens with tiktoken". Read 2026-11-23.
PUBLISHED = [
    (
        "હેલો, મારું નામ જીપીટી-4o છે. હું એક નવા પ્રકારનું ભાષા મોડલ છું. તમને મળીને સારું લાગ્યું!",
        33,
    ),
    (
        "నమస్కారము, నా పేరు జీపీటీ-4o. నేను ఒక్క కొత్త రకమైన భాషా మోడల్ ని. మిమ్మల్ని కలిసినందుకు సంతోషం!",
        45,
    ),
    (
        "வணக்கம், என் பெயர் ஜிபிடி-4o. நான் ஒரு புதிய வகை மொழி மாடல். உங்களை சந்தித்ததில் மகிழ்ச்சி!",
        35,
    ),
    (
        "नमस्ते, मेरा नाम जीपीटी-4o है। मैं एक नए प्रकार का भाषा मॉडल हूँ। आपसे मिलकर अच्छा लगा!",
        31,
    ),
    (
        "ہیلو، میرا نام جی پی ٹی-4o ہے۔ میں ایک نئے قسم کا زبان ماڈل ہوں، آپ سے مل کر اچھا لگا!",
        33,
    ),
    ("مرحبًا، اسمي جي بي تي-4o. أنا نوع جديد من نموذج اللغة، سررت بلقائك!", 26),
    (
        "سلام، اسم من جی پی تی-۴او است. من یک نوع جدیدی از مدل زبانی هستم، از ملاقات شما خوشبختم!",
        32,
    ),
    ("Привет, меня зовут GPT-4o. Я — новая языковая модель, приятно познакомиться!", 23),
    (
        "안녕하세요, 제 이름은 GPT-4o입니다. "
        "저는 새로운 유형의 언어 모델입니다, 만나서 반갑습니다!",
        27,
    ),
    (
        "Xin chào, tên tôi là GPT-4o. Tôi là một loại mô hình ngôn ngữ mới, rất vui được gặp bạn!",
        30,
    ),
    ("你好，我的名字是GPT-4o。我是一种新型的语言模型，很高兴见到你!", 24),
    ("こんにちは、私の名前はGPT-4oです。私は新しいタイプの言語モデルです。初めまして！", 26),
    (
        "Merhaba, benim adım GPT-4o. Ben yeni bir dil modeli türüyüm, tanıştığımıza memnun oldum!",
        30,
    ),
    (
        "Ciao, mi chiamo GPT-4o. Sono un nuovo tipo di modello linguistico, piacere di conoscerti!",
        28,
    ),
    (
        "Hallo, mein Name is GPT-4o. Ich bin ein neues KI-Sprachmodell. Es ist schön, dich "
        "kennenzulernen.",
        29,
    ),
    (
        "Hola, me llamo GPT-4o. Soy un nuevo tipo de modelo de lenguaje, ¡es un placer conocerte!",
        26,
    ),
    (
        "Olá, meu nome é GPT-4o. Sou um novo tipo de modelo de linguagem, é um prazer conhecê-lo!",
        27,
    ),
    (
        "Bonjour, je m'appelle GPT-4o. Je suis un nouveau type de modèle de langage, c'est un "
        "plaisir de vous rencontrer!",
        28,
    ),
    ("Hello, my name is GPT-4o. I'm a new type of language model, it's nice to meet you!", 24),
    ("お誕生日おめでとう", 8),
    ("antidisestablishmentarianism", 6),
]


@pytest.mark.parametrize(("text", "tokens"), PUBLISHED)
def test_every_language_is_within_a_quarter_of_its_published_count(text: str, tokens: int) -> None:
    assert 0.78 <= estimate_tokens(text) / tokens <= 1.25


def test_the_sum_over_all_languages_is_within_five_percent() -> None:
    ratio = sum(estimate_tokens(text) for text, _ in PUBLISHED) / sum(n for _, n in PUBLISHED)
    assert 0.98 <= ratio <= 1.05


def test_nothing_is_nothing_and_more_text_is_not_fewer_tokens() -> None:
    assert estimate_tokens("") == 0
    assert estimate_tokens(" ") == 0
    assert estimate_tokens("a") == 1
    assert estimate_tokens("123456") == 2
    assert estimate_tokens("one\n\ntwo") == 3


@given(st.text(max_size=300), st.text(max_size=300))
def test_texts_side_by_side_count_about_as_much_as_apart(first: str, second: str) -> None:
    together = estimate_tokens(f"{first}\n{second}")
    apart = estimate_tokens(first) + estimate_tokens(second)
    assert abs(together - apart) <= 5
    assert 0 <= together <= 3 * len((first + second).encode("utf-8", "surrogatepass")) + 1


def test_hostile_runs_are_no_slower_than_text() -> None:
    for run in (" ", "'", "\n ", "_", "é", "字", "́"):
        assert math.isfinite(estimate_tokens(run * 100_000))
