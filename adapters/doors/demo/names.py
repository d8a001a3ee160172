"""Given and family names, in Latin and in Arabic script, from which the demonstration's people are invented.

Each community is a pair of given names (by sex) and family names; each name a pair (Latin, Arabic).
"""

from __future__ import annotations

from dataclasses import dataclass

Name = tuple[str, str]


def _pairs(text: str) -> tuple[Name, ...]:
    pairs = [item.strip().split("|") for item in text.split(",")]
    return tuple((latin, arabic) for latin, arabic in pairs)


@dataclass(frozen=True, slots=True)
class Community:
    """Names of one community; `patronymic` when a father's name stands between given and family name."""

    weight: int
    male: tuple[Name, ...]
    female: tuple[Name, ...]
    family: tuple[Name, ...]
    patronymic: bool = False


EMIRATI = Community(
    weight=30,
    patronymic=True,
    male=_pairs(
        "Mohammed|محمد, Ahmed|أحمد, Khalid|خالد, Saeed|سعيد, Rashid|راشد, Sultan|سلطان, "
        "Hamad|حمد, Abdulla|عبدالله, Omar|عمر, Majid|ماجد, Saif|سيف, Khalifa|خليفة, "
        "Mansoor|منصور, Obaid|عبيد, Humaid|حميد, Juma|جمعة"
    ),
    female=_pairs(
        "Fatima|فاطمة, Mariam|مريم, Aisha|عائشة, Noura|نورة, Shamma|شما, Hessa|حصة, "
        "Latifa|لطيفة, Moza|موزة, Maitha|ميثاء, Salama|سلامة, Alia|علياء, Reem|ريم, "
        "Sheikha|شيخة, Amna|آمنة, Hind|هند, Maryam|مريم"
    ),
    family=_pairs(
        "Al Mansoori|المنصوري, Al Shamsi|الشامسي, Al Ketbi|الكتبي, Al Nuaimi|النعيمي, "
        "Al Zaabi|الزعابي, Al Marri|المري, Al Mazrouei|المزروعي, Al Suwaidi|السويدي, "
        "Al Hammadi|الحمادي, Al Dhaheri|الظاهري, Al Ameri|العامري, Al Blooshi|البلوشي, "
        "Al Muhairi|المهيري, Al Qubaisi|القبيسي, Al Tunaiji|الطنيجي"
    ),
)
INDIAN = Community(
    weight=28,
    male=_pairs(
        "Rajesh|راجيش, Suresh|سوريش, Anil|أنيل, Vijay|فيجاي, Sanjay|سانجاي, Arjun|أرجون, "
        "Ravi|رافي, Deepak|ديباك, Manoj|مانوج, Vikram|فيكرام, Ashok|أشوك, Ramesh|راميش"
    ),
    female=_pairs(
        "Priya|بريا, Anjali|أنجالي, Lakshmi|لاكشمي, Divya|ديفيا, Kavita|كافيتا, Sunita|سونيتا, "
        "Meena|مينا, Asha|آشا, Pooja|بوجا, Deepa|ديبا, Neha|نيها, Rekha|ريكا"
    ),
    family=_pairs(
        "Sharma|شارما, Patel|باتيل, Nair|ناير, Menon|مينون, Iyer|آير, Reddy|ريدي, Kumar|كومار, "
        "Gupta|غوبتا, Pillai|بيلاي, Desai|ديساي, Joshi|جوشي, Varma|فارما"
    ),
)
PAKISTANI = Community(
    weight=18,
    male=_pairs(
        "Imran|عمران, Bilal|بلال, Usman|عثمان, Faisal|فيصل, Tariq|طارق, Asif|آصف, Kamran|كامران, "
        "Adnan|عدنان, Shahid|شاهد, Waqas|وقاص, Hamza|حمزة, Zubair|زبير"
    ),
    female=_pairs(
        "Ayesha|عائشة, Sana|سناء, Hina|حنا, Nadia|نادية, Saima|صائمة, Rabia|رابعة, Zainab|زينب, "
        "Bushra|بشرى, Farah|فرح, Mehwish|مهوش, Amina|أمينة, Kiran|كيران"
    ),
    family=_pairs(
        "Khan|خان, Malik|مالك, Qureshi|قريشي, Siddiqui|صديقي, Butt|بت, Chaudhry|شودري, "
        "Hussain|حسين, Iqbal|إقبال, Mirza|ميرزا, Sheikh|شيخ, Raza|رضا, Akhtar|أختر"
    ),
)
FILIPINO = Community(
    weight=14,
    male=_pairs(
        "Jose|خوسيه, Juan|خوان, Ramon|رامون, Rodrigo|رودريغو, Eduardo|إدواردو, Jerome|جيروم, "
        "Rommel|روميل, Arnel|أرنيل, Danilo|دانيلو, Ernesto|إرنستو"
    ),
    female=_pairs(
        "Maricel|ماريسيل, Rosario|روساريو, Jennylyn|جينيلين, Cristina|كريستينا, Lourdes|لورديس, "
        "Marites|ماريتيس, Analyn|أنالين, Josephine|جوزفين, Grace|غريس, Rowena|روينا"
    ),
    family=_pairs(
        "Santos|سانتوس, Reyes|رييس, Cruz|كروز, Bautista|باوتيستا, Garcia|غارسيا, "
        "Mendoza|ميندوزا, Villanueva|فيلانويفا, Dela Cruz|ديلا كروز, Aquino|أكينو, Ramos|راموس"
    ),
)
WESTERN = Community(
    weight=10,
    male=_pairs(
        "James|جيمس, Thomas|توماس, Daniel|دانيال, Oliver|أوليفر, Stefan|ستيفان, Pierre|بيير, "
        "Marco|ماركو, Lukas|لوكاس, Andrew|أندرو, Peter|بيتر"
    ),
    female=_pairs(
        "Emma|إيما, Sarah|سارة, Charlotte|شارلوت, Julia|جوليا, Sophie|صوفي, Anna|آنا, "
        "Laura|لورا, Claire|كلير, Helen|هيلين, Marie|ماري"
    ),
    family=_pairs(
        "Smith|سميث, Wilson|ويلسون, Taylor|تايلور, Mueller|مولر, Schmidt|شميت, Dubois|دوبوا, "
        "Rossi|روسي, Novak|نوفاك, Anderson|أندرسون, Walker|ووكر"
    ),
)
COMMUNITIES = (EMIRATI, INDIAN, PAKISTANI, FILIPINO, WESTERN)
