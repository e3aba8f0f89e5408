//! Given and family names by culture; the combinations are invented.

/// Names that go together.
pub(crate) struct Culture {
    pub given: &'static [&'static str],
    pub family: &'static [&'static str],
}

pub(crate) const CULTURES: [Culture; 14] = [
    Culture {
        given: &["Amelia", "Callum", "Eleanor", "Graham", "Harriet", "Imogen", "Rupert", "Tamsin"],
        family: &["Ashdown", "Birkett", "Clavering", "Fairweather", "Hollins", "Merrow", "O'Dwyer", "Thackray"],
    },
    Culture {
        given: &["Anneliese", "Bernd", "Jörg", "Käthe", "Lutz", "Rüdiger", "Sieglinde", "Uwe"],
        family: &["Brückner", "Dürrheim", "Eichstätt", "Grünewald", "Lindenthal", "Pfäffle", "Rosskamp", "Weißflog"],
    },
    Culture {
        given: &["Amélie", "Benoît", "Clémence", "Étienne", "Géraldine", "Loïc", "Margaux", "Thibault"],
        family: &["Aubertin", "Bellecour", "Delaunoy", "Fontanel", "Lachaume", "Marcillac", "Quesnoy", "Vauquelin"],
    },
    Culture {
        given: &["Alejandra", "Begoña", "Ignacio", "Joaquín", "Lucía", "Martín", "Rocío", "Ximena"],
        family: &["Arrieta", "Bermúdez", "Cifuentes", "Echeverría", "Goñi", "Lizarraga", "Montalvo", "Zubiri"],
    },
    Culture {
        given: &["Alessia", "Donatella", "Fabrizio", "Gaetano", "Ilaria", "Leonardo", "Ornella", "Tommaso"],
        family: &["Bassani", "Calvisi", "Dellarocca", "Fornaciari", "Malaspina", "Pontremoli", "Sartorelli", "Vezzani"],
    },
    Culture {
        given: &["Astrid", "Bjørn", "Dagny", "Håkon", "Ingeborg", "Jørgen", "Sølvi", "Torvald"],
        family: &["Aasgaard", "Brekkhus", "Fjellstad", "Grønvold", "Haugerud", "Lindqvist", "Nordahl", "Skjelbred"],
    },
    Culture {
        given: &["Agnieszka", "Bartłomiej", "Dorota", "Grażyna", "Kazimierz", "Małgorzata", "Stanisław", "Zofia"],
        family: &["Borkowicz", "Chmielnik", "Gąsior", "Jasieński", "Łabędzki", "Ostrowicz", "Świderek", "Żurawski"],
    },
    Culture {
        given: &["Akiko", "Daichi", "Emi", "Haruto", "Kaori", "Noboru", "Sayuri", "Takeshi"],
        family: &["Amagawa", "Fujimori", "Hoshikawa", "Kurosaki", "Minamoto", "Nakahara", "Shiraishi", "Yukimura"],
    },
    Culture {
        given: &["Ananya", "Devika", "Gautam", "Ishaan", "Kavitha", "Meenakshi", "Raghav", "Sunil"],
        family: &["Bhattathiri", "Chandrasekar", "Deshmukh", "Iyengar", "Kulkarni", "Namboodiri", "Raghunathan", "Venkatesan"],
    },
    Culture {
        given: &["Adaeze", "Babajide", "Chidinma", "Emeka", "Folasade", "Ikenna", "Ngozi", "Temitope"],
        family: &["Abiodun", "Chukwuemeka", "Ezeigbo", "Iroegbu", "Nwachukwu", "Ogunbanjo", "Okpara", "Uzodinma"],
    },
    Culture {
        given: &["Amina", "Bilal", "Faris", "Hanan", "Karim", "Layla", "Nadia", "Yousef"],
        family: &["Al-Khatib", "Bouazizi", "Darwish", "El-Amrani", "Haddadin", "Mansouri", "Qabbani", "Zeidan"],
    },
    Culture {
        given: &["Ayşe", "Burak", "Defne", "Emre", "Gülşen", "İlker", "Oğuz", "Zeynep"],
        family: &["Akarsu", "Bozdağ", "Çınar", "Demirkan", "Karagöz", "Özdemirci", "Şenocak", "Yıldıran"],
    },
    Culture {
        given: &["Beatriz", "Caetano", "Fernanda", "Gonçalo", "João", "Inês", "Mariana", "Tiago"],
        family: &["Abrantes", "Bragança", "Carvalhal", "Figueiró", "Magalhães", "Novais", "Queirós", "Tavarela"],
    },
    Culture {
        given: &["Changming", "Huilan", "Jiayi", "Meiling", "Ruolan", "Weidong", "Xiaofeng", "Yuchen"],
        family: &["Bai", "Dongfang", "Gu", "Liang", "Ouyang", "Shen", "Xiahou", "Zhuge"],
    },
];
